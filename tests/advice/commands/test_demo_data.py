"""Advice about demo data, and about pictures of samples."""

import json
from pathlib import Path

from experiments import STUDIES
from mmseg.apis.launching.rows import row_run
from mmseg.config import load_config
from mmseg.demo.choices import Parameters
from mmseg.demo.class_frequencies import FRONTAGES, check_factors
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


def test_other_frequencies_of_classes():
    (name,) = advice("no class whose frequency can change. Did you mean '{}'?", lambda: check_factors({"bicycl": 2}))[-1:]
    check_factors({name: 2})
    (names,) = advice("no class whose frequency can change. Use one of {}.", lambda: check_factors({"xyz": 2}))[-1:]
    check_factors(dict.fromkeys(names.split(", "), 2))
    advice("is no factor. Use 0 or a positive number.", lambda: check_factors({"car": -1}))
    check_factors({"car": 0, "bus": 3})
    bare = dict.fromkeys(FRONTAGES, 0)
    (names,) = advice("nothing would stand beside the street. Use more than 0 for one of {}.", lambda: check_factors(bare))
    for name in names.split(", "):
        check_factors({**bare, name: 1})


def test_demo_data_of_a_config():
    advice(
        "--cfg-options {}: {} does not train on the demo domains. Leave it out, or give --demo with a study.",
        lambda: load_config("configs/hrda/gtaHR2csHR_hrda.py", {"demo_data": "other"}),
    )
    load_config("configs/hrda/gtaHR2csHR_hrda.py")
    row = STUDIES[50].rows["plain.2"]
    assert row_run(row, 0, {"demo_data": "other"}, demo=True).cfg.val_dataloader.dataset.data_root == "other/cityscapes"


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
