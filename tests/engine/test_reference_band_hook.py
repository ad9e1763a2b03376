"""A training is compared with the band of its config, and does not notice."""

import json

import pytest
import torch
from mmengine.config import Config

from mmseg.apis.bands.shipped import with_reference_band
from mmseg.config.config import load_config
from mmseg.config.identity import digest, row_digest
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.hooks import ReferenceBandHook
from mmseg.evaluation.bands import file as band_file
from mmseg.evaluation.bands.file import Band, BandCurve, read_band, write_band
from tests import tiny
from tools.prepare import band as band_tool

LOSS = "decode.loss_seg"


def make_band(path, low, high, points=(1, 2), evaluated=(2,)):
    curves = {LOSS: points, "mIoU": evaluated}
    entries = {name: BandCurve(own, *([value] * len(own) for value in (low, low, high))) for name, own in curves.items()}
    write_band(path, Band(config="toy", digest="d", seeds=(0, 1), curves=entries), {})
    return path


def test_a_band_that_ships_is_compared_with(tmp_path, monkeypatch):
    monkeypatch.setattr(band_file, "SHIPPED", tmp_path)
    cfg = load_config(tiny.CONFIG, seed=3)
    assert with_reference_band(cfg, row_digest(cfg)) is cfg
    file = make_band(tmp_path / f"{row_digest(cfg)}.json", 0.0, 1.0)
    found = with_reference_band(cfg, row_digest(cfg))
    assert found.custom_hooks == [*cfg.custom_hooks, {"type": "ReferenceBandHook", "file": str(file)}]
    assert digest(found) == digest(cfg), "it changes nothing of what is learned"
    assert row_digest(cfg) == row_digest(load_config(tiny.CONFIG, seed=5))
    assert row_digest(cfg) != row_digest(load_config(tiny.CONFIG, {"train_cfg.max_iters": 9}, seed=3))
    own = Config({**cfg.to_dict(), "custom_hooks": [{"type": "ReferenceBandHook", "file": "mine.json"}]})
    assert with_reference_band(own, row_digest(own)) is own


def test_its_state_goes_on(tmp_path):
    file = make_band(tmp_path / "band.json", 0.0, 1.0)
    hook = ReferenceBandHook(file=str(file))
    hook.watch.see(1, {LOSS: 5.0})
    again = ReferenceBandHook(file=str(file))
    again.load_state_dict(hook.state_dict())
    assert again.state_dict() == hook.state_dict() == {"recent": {LOSS: [5.0]}, "outside": {LOSS: [1]}, "named": []}
    again.load_state_dict({})
    assert again.state_dict() == {"recent": {}, "outside": {}, "named": []}


@pytest.fixture(scope="module")
def runs(tiny_data, tmp_path_factory):
    """A training without a band, one with a band that it leaves, and one with another seed."""
    folder = tmp_path_factory.mktemp("bands")
    band = make_band(folder / "band.json", 1000.0, 2000.0, points=(1, 2, 3, 4, 5, 6), evaluated=(3, 6))
    hooks = [{"type": "ResultHook"}, {"type": "PictureHook", "interval": 100}, {"type": "ClassHealthHook"}]
    changes = {"train_cfg.max_iters": 6, "train_cfg.val_interval": 3, "default_hooks.checkpoint.interval": 6}
    watched = [*hooks, {"type": "ReferenceBandHook", "file": str(band)}]
    given = {"plain": (hooks, 0), "watched_run": (watched, 0), "other_seed": (hooks, 1)}
    for name, (own, seed) in given.items():
        options = {**tiny.values(tiny_data), **changes, "custom_hooks": own, "seed": seed}
        options.pop("custom_hooks.1.interval")
        words = ["--cfg-options", *(f"{key}={value!r}" for key, value in options.items())]
        done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder / name), *words)
        assert done.returncode == 0, done.stderr
        (folder / f"{name}.log").write_text(done.stdout)
    return folder


def test_it_says_once_what_has_left_and_since_when(runs):
    lines = [line for line in (runs / "watched_run.log").read_text().splitlines() if "eference band" in line]
    assert sum("Compared with the reference band of toy: 2 quantities over 2 seeds" in line for line in lines) == 1
    assert sum(f"Left the reference band of toy: {LOSS} since iteration 1 (now " in line for line in lines) == 1
    assert sum("Left the reference band of toy: mIoU since iteration 3 (now " in line for line in lines) == 1
    assert "eference band" not in (runs / "plain.log").read_text()


def test_training_is_the_same_bit_by_bit(runs):
    plain, watched = (read_checkpoint(runs / name / "latest.pth") for name in ("plain", "watched_run"))
    assert plain["state_dict"].keys() == watched["state_dict"].keys()
    assert all(torch.equal(value, watched["state_dict"][name]) for name, value in plain["state_dict"].items())
    metrics = [json.loads((runs / name / "result.json").read_text())["metrics"] for name in ("plain", "watched_run")]
    assert metrics[0] == metrics[1]


def test_a_band_of_finished_runs(runs, works, tmp_path):
    out = tmp_path / "made.json"
    printed = works(band_tool.main, runs / "plain", runs / "other_seed", "--out", out)
    made = read_band(out)
    assert made.seeds == (0, 1) and made.curves[LOSS].iterations == (1, 2, 3, 4, 5, 6) and made.curves["mIoU"].iterations == (3, 6)
    assert made.digest == row_digest(load_config(runs / "plain" / "config.py"))
    means = [json.loads((runs / name / "result.json").read_text())["metrics"]["mIoU"] for name in ("plain", "other_seed")]
    assert made.curves["mIoU"].mean[-1] == pytest.approx(sum(means) / 2, rel=1e-3)
    assert f"2 seeds, {out.stat().st_size / 1e3:.0f} kB: {out}" in printed
    hook = ReferenceBandHook(file=str(out))
    assert hook.due == {1, 2, 3, 4, 5, 6}
