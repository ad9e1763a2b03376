"""Advice about tools/adapt.py: its options, its streams, and networks that a method cannot move."""

import shutil

import pytest

from mmseg.apis.adapting.conditions import find_conditions
from mmseg.apis.adapting.running import check_places
from mmseg.config import load_config
from mmseg.models.test_time import build_online
from tests import tiny
from tests.advice.commands.test_options import Command, follow
from tests.advice.following import Followed, advice, table
from tests.models.test_time.streams import images, network, without_norms
from tools import adapt

ask = Command(adapt, "check_args", "config.py latest.pth --method tent")


@table(
    [
        Followed("looks at no image. Use 1 or more.", ask("--rounds 0"), follow(ask, "--rounds 1"), "tools/adapt.py"),
        Followed("the result is written as JSON. Use --out {}.", ask("--out a.txt"), follow(ask, "--out {}")),
        Followed(
            "which are the stream itself. Name a file behind it.",
            ask("--forgetting"),
            lambda: ask("--forgetting val.py")(),
            "tools/adapt.py",
        ),
    ]
)
def test_options(row):
    row.follow()


@pytest.fixture
def stream(tiny_data, tmp_path, monkeypatch):
    """The conditions of streams that lie in a folder with images; returns a call for later."""
    monkeypatch.chdir(tmp_path)
    source = next((tiny_data / "cityscapes/leftImg8bit").rglob("*.png"))
    for name in ("ride", "later/ride"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copy(source, tmp_path / name / "a.png")
    cfg = load_config(tiny.ROOT / tiny.CONFIG)
    return lambda *streams, **options: lambda: find_conditions(streams, cfg, **options)


def test_two_of_one_name(stream):
    (name,) = advice("two conditions are called '{}'. Write NAME=STREAM for one of them.", stream("ride", "later/ride"))
    assert [found.name for found in stream("ride", f"second_{name}=later/ride")()] == ["ride", "second_ride"]


def test_names_that_are_no_folder(stream, tmp_path):
    """Predictions of a condition lie in a folder of its name, inside of --show-dir."""
    for name in ("..", "../later", str(tmp_path)):
        advice("is no name of a condition. Write NAME={} with another NAME.", stream(f"{name}=ride"))
    assert [found.name for found in stream("upwards=ride")()] == ["upwards"]


def test_paths_that_are_names(stream, tmp_path, monkeypatch):
    """A path with a sign of equality is a path, and the current folder has a name."""
    (tmp_path / "lr=1e-5").mkdir()
    (tmp_path / "ride").rename(tmp_path / "lr=1e-5/ride")
    (found,) = stream("lr=1e-5/ride")()
    assert (found.name, len(found.indices)) == ("ride", 1)
    assert [found.name for found in stream("mine=later")()] == ["mine"]
    monkeypatch.chdir(tmp_path / "later/ride")
    assert [found.name for found in (*stream(".")(), *stream("..")())] == ["ride", "later"]


def test_predictions_of_one_name(stream, tmp_path):
    shutil.copy(tmp_path / "ride/a.png", tmp_path / "ride/a.jpg")
    for streams in (("ride",), ("a:3=later", "a_3=later")):
        advice("Give images and conditions names of their own, or leave --show-dir out.", lambda s=streams: check_places(stream(*s)()))
    (tmp_path / "ride/a.jpg").rename(tmp_path / "ride/b.jpg")
    check_places(stream("ride", "a:3=later", "b_3=later")())


def test_the_nearest_condition(stream):
    _, near = advice("--conditions {}: the stream has no condition of this name. Did you mean '{}'?", stream("ride", order=["rid"]))
    assert [found.name for found in stream("ride", order=[near])()] == ["ride"]


def test_what_a_stream_is(stream, tmp_path):
    (tmp_path / "list.txt").write_text("ride/a.png\n")
    shutil.copy(tiny.ROOT / "README.md", tmp_path / "README.md")
    for wrong in ("gone", "README.md"):
        advice("Give a folder of images, a list of them (.txt), or a file with a val_dataloader (.py).", stream(wrong))
    assert len(stream("ride", "list.txt")()) == 2


def test_videos_alone(stream, tmp_path):
    (tmp_path / "film").mkdir()
    (tmp_path / "film/a.mp4").write_bytes(b"")
    advice("holds videos and no image. Give a folder of their frames.", stream("film"))
    shutil.copy(tmp_path / "ride/a.png", tmp_path / "film/frame.png")
    assert len(stream("film")()[0].indices) == 1


def test_a_list_with_a_mistake(stream, tmp_path):
    (tmp_path / "list.txt").write_text("b.png\n")
    advice("Line {} of {} names {}, which does not exist. Correct the line, or put the image there.", stream("list.txt"))
    shutil.copy(tmp_path / "ride/a.png", tmp_path / "b.png")
    assert len(stream("list.txt")()[0].indices) == 1
    (tmp_path / "b.png").unlink()
    (tmp_path / "list.txt").write_text("ride/a.png\n")
    assert len(stream("list.txt")()[0].indices) == 1


def test_networks_without_normalisation():
    advice(
        "The method bn moves the statistics of batch normalisation, of which this network has none. Use mic or cotta.",
        lambda: build_online("bn", network(without_norms())),
    )
    advice("{}. Use mic or cotta.", lambda: build_online("tent", network(without_norms())), file="tent.py")
    for name in ("mic", "cotta"):
        build_online(name, network(without_norms())).adapt(images(1)[0], 0)


def test_what_is_no_option_of_a_method():
    """The method that is named is the one that runs."""
    for key in ("type", "network"):
        advice(
            "is no option of it, other arguments say which. Leave it out.",
            lambda key=key: build_online("tent", network(), **{key: "source"}),
        )
    assert build_online("tent", network(), lr=1e-5).lr == 1e-5
