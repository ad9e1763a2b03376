"""Advice about reference bands."""

import json
import shutil

import pytest

from mmseg.apis.bands.making import band_curves, band_of_runs
from mmseg.config.config import load_config
from mmseg.config.identity import digest
from mmseg.engine.hooks import ReferenceBandHook
from mmseg.evaluation.bands.file import read_band, write_band
from mmseg.utils.options.config_text import config_text
from tests import tiny
from tests.advice.commands.test_options import Command, follow
from tests.advice.following import Followed, advice, table
from tools.prepare import band


def write_run(folder, seed, **changes):
    folder.mkdir(parents=True)
    cfg = load_config(tiny.CONFIG, {"train_cfg.max_iters": 8, **changes}, seed)
    (folder / "config.py").write_text(config_text(cfg))
    entries = [{"iteration": iteration, "metrics": {"mIoU": 40.0 + seed, "IoU.road": 80.0}} for iteration in (4, 8)]
    (folder / "evaluations.json").write_text(json.dumps(entries))
    (folder / "result.json").write_text(json.dumps({**entries[-1], "seed": seed}))
    assert digest(load_config(folder / "config.py")) == digest(cfg)
    return folder


@pytest.fixture
def two(tmp_path):
    return [write_run(tmp_path / f"run_s{seed}", seed) for seed in (0, 1)]


def test_what_a_band_is_made_of(two, tmp_path):
    advice("Give the folders of two runs or more.", lambda: band_of_runs(two[:1]))
    advice("have the same seed {}. Give runs that differ in their seeds.", lambda: band_of_runs([two[0], two[0]]))
    other = write_run(tmp_path / "other", 2, **{"uda.alpha": 0.9})
    advice("differ in more than their seeds. Give runs of one config.", lambda: band_of_runs([*two, other]))
    apart = [{"mIoU": {4: 1.0}}, {"mIoU": {5: 1.0}}]
    advice("Give runs with the same log and evaluation intervals.", lambda: band_curves(apart))
    made = band_of_runs(two)
    assert made.seeds == (0, 1) and set(made.curves) == {"mIoU", "IoU.road"}
    file = tmp_path / "band.json"
    write_band(file, made, {})
    content = json.loads(file.read_text())
    content["curves"]["mIoU"]["low"].pop()
    file.write_text(json.dumps(content))
    advice("the lists of {} have different lengths. Make it again with tools/prepare/band.py.", lambda: read_band(file))
    write_band(file, made, {})
    assert ReferenceBandHook(file=str(file)).due == frozenset()


def test_the_code_of_a_run(two, tmp_path):
    """Runs have states beside their configs, and nothing of them is run unless it is asked for."""
    with open(two[1] / "config.py", "a") as config:
        config.write(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    (two[1] / "latest.pth").touch()
    advice("is not read as plain values: {}. Add --trust-config to have it run, if you trust whoever made it.", lambda: band_of_runs(two))
    assert not (tmp_path / "ran").exists()
    assert band_of_runs(two, trust=True).seeds == (0, 1) and (tmp_path / "ran").exists()


def test_a_broken_log(two):
    log = two[0] / "20260101" / "vis_data" / "scalars.json"
    log.parent.mkdir(parents=True)
    line = '{"decode.loss_seg": 1.5, "step": 4}\n'
    log.write_text(f"{line}no values\n")
    advice("holds no logged values. Remove the line, or give another run.", lambda: band_of_runs(two))
    log.write_text(line)
    shutil.copytree(two[0] / "20260101", two[1] / "20260101")
    assert "decode.loss_seg" in band_of_runs(two).curves


make = Command(band, "check_args", "run")


@table([Followed("bands are written as JSON. Use --out {}.", make("--out a.txt"), follow(make, "--out {}"))])
def test_command_lines(row):
    row.follow()


def test_steps_that_were_left_out(two):
    """Their losses are logged, and are no points: a file with NaN could not be read again."""
    for run in two:
        log = run / "20260101" / "vis_data" / "scalars.json"
        log.parent.mkdir(parents=True)
        values = ((1, "1.5"), (2, "NaN"), (3, "Infinity"))
        log.write_text("".join(f'{{"decode.loss_seg": {value}, "step": {step}}}\n' for step, value in values))
    assert band_of_runs(two).curves["decode.loss_seg"].iterations == (1,)
