"""Advice about demo data, and about pictures of samples."""

import json
from pathlib import Path

from mmseg.demo.choices import Parameters
from tests import tiny
from tests.advice.following import advice
from tools import browse_dataset, make_demo_data


def test_demo_data(tmp_path):
    small = Parameters(width=64, height=32, source=1, target=1, val=1)
    width, height, *_ = advice(
        "--size {} {} is too small for a street. Use at least 32 32, such as 512 256.",
        lambda: make_demo_data.check(Parameters(width=8, height=8)),
    )
    assert (width, height) == ("8", "8")
    make_demo_data.check(Parameters(width=32, height=32))
    advice("Use counts of at least 1.", lambda: make_demo_data.check(Parameters(val=0)))
    make_demo_data.check(Parameters(source=1, target=1, val=1))
    (tmp_path / "mine/gta").mkdir(parents=True)
    advice(
        "holds data that this tool did not make. Choose another --out.",
        lambda: make_demo_data.make_demo_data(out=tmp_path / "mine", parameters=small),
    )
    assert make_demo_data.make_demo_data(out=tmp_path / "other", parameters=small)


def test_demo_data_of_other_parameters(call, tmp_path, capsys):
    out = tmp_path / "demo"
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    call(make_demo_data.main, "--out", out, *small)
    again = ("--out", out, *small, "--seed", "1")
    _, was, _, wish = advice(
        "{} holds demo data made with {}. Give the same, or replace it: python tools/make_demo_data.py --out {} --force{}",
        lambda: call(make_demo_data.main, *again),
    )
    call(make_demo_data.main, "--out", out, *small, *was.split())
    assert "Nothing to do" in capsys.readouterr().out
    call(make_demo_data.main, "--out", out, "--force", *wish.split(), "--nproc", "1")
    call(make_demo_data.main, *again)
    assert "Nothing to do" in capsys.readouterr().out


def test_demo_data_of_another_version(call, tmp_path):
    out = tmp_path / "demo"
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    call(make_demo_data.main, "--out", out, *small)
    manifest = out / "demo_manifest.json"
    version = manifest.read_text()
    content = json.loads(version)
    manifest.write_text(json.dumps({**content, "drawing": 0}))
    _, place, wish = advice(
        "{} holds demo data made by another version. Choose another --out, "
        "or replace it: python tools/make_demo_data.py --out {} --force{}",
        lambda: call(make_demo_data.main, "--out", out, *small),
    )
    call(make_demo_data.main, "--out", place, "--force", *wish.split(), "--nproc", "1")
    assert manifest.read_text() == version


def test_pictures_of_samples(call, tmp_path, tiny_data):
    advice("draws nothing. Use 1 or more.", lambda: call(browse_dataset.main, tiny.CONFIG, "--number", 0))
    call(browse_dataset.main, tiny.CONFIG, "--number", 1, "--out", tmp_path, *tiny.options(tiny_data))
    assert (tmp_path / "sample_000000.png").is_file()


def test_a_broken_manifest_of_demo_data(tmp_path, works):
    out = tmp_path / "demo"
    small = ("--out", out, "--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    works(make_demo_data.main, *small)
    (out / "demo_manifest.json").write_text("{}")
    (folder,) = advice(
        "Move the folder {} elsewhere and draw the demo data again.",
        lambda: make_demo_data.make_demo_data(out=out, parameters=Parameters(width=64, height=32, source=1, target=1, val=1)),
    )
    Path(folder).rename(tmp_path / "elsewhere")
    works(make_demo_data.main, *small)
    assert (out / "gta/images/00001.png").is_file()
