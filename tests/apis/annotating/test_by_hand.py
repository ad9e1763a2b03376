"""Annotating by hand: a training that waits, what goes out, what comes back, and that nothing else does."""

import csv
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from mmseg.apis.training.train import train
from mmseg.datasets.annotating.oracle import ASKED
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.utils.errors import Waiting
from tests import annotated, tiny
from tests.engine.annotating.test_rounds_in_training import PARTS, files_of, names
from tests.engine.test_resume import assert_equal

PEOPLE = {"oracle": "people"}


@pytest.fixture(scope="module")
def waiting(tiny_data, tmp_path_factory):
    """The folder of a training that waits for its first round, and what its command said."""
    folder = tmp_path_factory.mktemp("by_hand") / "run_with_rounds"
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), *annotated.options(tiny_data, PEOPLE))
    return folder, done


@pytest.fixture
def run(waiting, tmp_path):
    """A copy of it, with its folder of exported templates."""
    shutil.copytree(waiting[0], tmp_path / "run_with_rounds")
    return tmp_path / "run_with_rounds"


@pytest.fixture
def annotate(works):
    """Runs tools/annotate.py in this process."""
    from tools.annotate import main

    return lambda *arguments: works(main, *arguments)


@pytest.fixture
def refused(fails):
    """The same, which must end with an error."""
    from tools.annotate import main

    return lambda *arguments: fails(main, *arguments)


def truth(data, name):
    return read_label_ids(data / "cityscapes/gtFine/train" / (name.replace("leftImg8bit", "gtFine_labelTrainIds") + ".png"))


def draw(folder, data, which=None):
    """Does the work of people: fills the templates."""
    for name in which or names(data):
        path = folder / "labels" / f"{name}.png"
        label = read_label_ids(path)
        save(path, np.where(label == ASKED, truth(data, name), label))


def save(path, label):
    Image.fromarray(label).save(path)


def test_a_training_that_waits_ends_cleanly(waiting):
    """Exit code 0, one line that says what to do, the state of the training, and all picks."""
    folder, done = waiting
    assert done.returncode == 0 and "error" not in done.stderr, done.stderr
    line = [line for line in done.stdout.splitlines() if line.startswith("Round 1 waits for people: 4 of 4 images have no labels yet")]
    assert len(line) == 1 and f"tools/annotate.py export {folder} --out DIR" in line[0] and f"--work-dir {folder} --resume" in line[0]
    assert read_checkpoint(folder / "latest.pth")["meta"]["iteration"] == 1 and not (folder / "result.json").exists()
    assert len(list((folder / "annotations/round_1/picks").rglob("*.json"))) == 4
    assert not (folder / "annotations/current.json").exists() and not list((folder / "annotations").rglob("labels"))


def test_by_hand_equals_labels_on_disk(run, tiny_data, tmp_path, annotate, monkeypatch):
    """Two rounds of people who label as the files do give the same training, bit by bit."""
    monkeypatch.chdir(tiny.ROOT)
    arguments = [tiny.CONFIG, "--work-dir", str(run), *annotated.options(tiny_data, PEOPLE), "--resume"]
    for number in (1, 2):
        again = tiny.run("tools/train.py", *arguments)  # nothing is labelled: it waits again, and says so
        assert again.returncode == 0 and f"Round {number} waits for people: 4 of 4" in again.stdout, again.stderr
        out = tmp_path / f"out_{number}"
        assert "4 images: draw on" in annotate("export", run, "--out", out)
        draw(out, tiny_data, names(tiny_data)[:1])
        assert "3 of 4 images have no labels yet" in annotate("import", run, out)
        part = tiny.run("tools/train.py", *arguments)
        assert part.returncode == 0 and f"3 of 4 images have no labels yet, first {names(tiny_data)[1]}" in part.stdout
        draw(out, tiny_data)
        assert f"Round {number} is labelled. Go on with: python tools/train.py" in annotate("import", run, out)
    done = tiny.run("tools/train.py", *arguments)
    assert done.returncode == 0 and (run / "result.json").exists(), done.stderr

    whole = tmp_path / "whole" / "run_with_rounds"
    train(annotated.config(tiny_data), whole)
    first, second = (read_checkpoint(folder / "latest.pth") for folder in (whole, run))
    for part in PARTS:
        assert_equal(first[part], second[part], part)
    own, other = (files_of(folder / "annotations") for folder in (whole, run))
    differing = {name for name in own if own[name] != other.get(name)}
    assert own.keys() == other.keys() and {name.rpartition("/")[2] for name in differing} == {"header.json"}  # which names the oracle


def test_what_is_exported(run, tiny_data, tmp_path, annotate):
    out = tmp_path / "out"
    annotate("export", run, "--out", out)
    rows = list(csv.DictReader((out / "regions.csv").open()))
    assert len(rows) == 4 * 23
    asked = np.zeros((64, 128), bool)
    name = names(tiny_data)[0]
    for row in rows:
        if row["image"] == f"{name}.png":
            top, bottom, left, right = (int(row[key]) for key in ("top", "bottom", "left", "right"))
            assert top <= int(row["row"]) <= bottom and bottom - top <= 2 and left <= int(row["column"]) <= right
            asked[top : bottom + 1, left : right + 1] = True
    template = read_label_ids(out / f"labels/{name}.png")
    np.testing.assert_array_equal(template, np.where(asked, ASKED, 255))
    assert Image.open(out / f"labels/{name}.png").convert("RGB").getpixel(tuple(np.argwhere(asked)[0][::-1].tolist())) == (255, 255, 255)
    photo = tiny_data / f"cityscapes/leftImg8bit/train/{name}.png"
    assert (out / f"images/{name}.png").read_bytes() == photo.read_bytes() != (out / f"marked/{name}.png").read_bytes()
    classes = list(csv.DictReader((out / "classes.csv").open()))
    assert classes[0]["class"] == "road" and [row["id"] for row in classes[-2:]] == ["254", "255"]


def spoil_id(label, asked):
    label[asked] = 0
    label[tuple(np.argwhere(asked)[3])] = 19


def spoil_outside(label, asked):
    label[asked] = 0
    label[tuple(np.argwhere(~asked)[0])] = 0


def spoil_part(label, asked):
    label[tuple(np.argwhere(asked)[0])] = 0


MISTAKES = {
    "holds the id 19, which is no class. Use train ids from 0 to 18, and 255": spoil_id,
    "has 1 labelled pixels that were not asked for, the first at row": spoil_outside,
    "of the pixels that were asked for, the first at row": spoil_part,
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_of_people_changes_nothing(run, tiny_data, tmp_path, annotate, refused, text):
    """Although the other images are labelled well."""
    out = tmp_path / "out"
    annotate("export", run, "--out", out)
    draw(out, tiny_data, names(tiny_data)[:3])
    path = out / f"labels/{names(tiny_data)[3]}.png"
    label = read_label_ids(path).copy()
    MISTAKES[text](label, label == ASKED)
    save(path, label)
    before = files_of(run / "annotations")
    assert text in refused("import", run, out) and files_of(run / "annotations") == before


def test_maps_of_another_size_or_name_change_nothing(run, tiny_data, tmp_path, annotate, refused):
    out = tmp_path / "out"
    annotate("export", run, "--out", out)
    draw(out, tiny_data)
    path, before = out / f"labels/{names(tiny_data)[0]}.png", files_of(run / "annotations")
    good = read_label_ids(path)
    save(path, good[:, :-1])
    assert "has 127x64 pixels, its image has 128x64" in refused("import", run, out) and files_of(run / "annotations") == before
    save(path, good)
    shutil.copy(path, path.with_name("other.png"))
    assert "other.png belongs to no image of the training" in refused("import", run, out) and files_of(run / "annotations") == before
    path.with_name("other.png").unlink()
    assert "Round 1 is labelled" in annotate("import", run, out / "labels")
    assert json.loads((run / "annotations/budget.json").read_text())["total"]["asked"] > 0
    assert "is finished: the training may have used its labels" in refused("import", run, out, "--round", "1")
    assert "has no round that waits for labels (1 is finished)" in refused("export", run, "--out", tmp_path / "more")
    assert "round_1" in str(sorted((run / "annotations").iterdir()))


def test_a_round_with_nothing_left_to_ask_for(tiny_data, tmp_path, annotate, monkeypatch):
    """Everything is labelled in the first round: people are not waited for again, and the second one changes no label."""
    monkeypatch.chdir(tiny.ROOT)
    run, out = tmp_path / "run_with_rounds", tmp_path / "out"
    everything = {**PEOPLE, "budget": {"ratio": 1.0}, "acquisition": {"type": "RegionRandom", "radius": 2048}}
    with pytest.raises(Waiting):
        train(annotated.config(tiny_data, everything), run)
    annotate("export", run, "--out", out)
    draw(out, tiny_data)
    annotate("import", run, out)
    train(annotated.config(tiny_data, everything), run, resume=True)
    rounds = json.loads((run / "annotations/budget.json").read_text())["rounds"]
    assert [entry["asked"] for entry in rounds] == [4 * 64 * 128, 0] and [entry["unspent"] for entry in rounds] == [0, 4]
    first, second = (files_of(run / f"annotations/round_{number}/labels") for number in (1, 2))
    assert len(first) == 4 and first == second


def test_a_name_that_is_not_utf8(tiny_data, tmp_path, annotate, monkeypatch):
    """An image is called by its bytes in every file, and in lines that any terminal can show."""
    monkeypatch.chdir(tiny.ROOT)
    data, run, out = tmp_path / "data", tmp_path / "run_with_rounds", tmp_path / "out"
    shutil.copytree(tiny_data, data)
    photo = sorted((data / "cityscapes/leftImg8bit/train").rglob("*.png"))[0]
    name = os.fsdecode(b"a\xe4")
    try:
        photo.rename(photo.with_name(f"{name}_leftImg8bit.png"))
    except OSError:
        pytest.skip("the file system takes UTF-8 alone")
    with pytest.raises(Waiting):
        train(annotated.config(data, {**PEOPLE, "rounds": [0]}, **{"train_dataloader.dataset.target.ann_dir": None}), run)
    annotate("export", run, "--out", out)
    assert b"a\xe4_leftImg8bit.png" in (out / "regions.csv").read_bytes()
    for path in (out / "labels").rglob("*.png"):
        label = read_label_ids(path)
        save(path, np.where((label == ASKED) & (name not in path.name), np.uint8(0), label))
    said = annotate("import", run, out)
    assert "1 of 4 images have no labels yet, first" in said and "/a\\udce4_left" in said
