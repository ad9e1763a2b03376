"""A run that is killed and resumed equals an uninterrupted one, bit by bit, whatever the worker count."""

import json
import signal

import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny

HALF = 4
FULL = {
    "train_cfg.max_iters": 2 * HALF,
    "train_cfg.val_interval": HALF,
    "default_hooks.checkpoint.interval": HALF,
    "custom_hooks.2.interval": HALF - 1,  # shares of pseudo-labels: those of the second interval span the kill
    "train_dataloader.dataset.target.ann_dir": "gtFine/train",
    "train_dataloader.dataset.target.labeled": 2,
    "uda.labeled": {},
    # Everything that draws: dropout and drop path, boxes, classes, jitter, blur, crops, rare classes, labelled images.
    "model.backbone.drop_path_rate": 0.2,
    "model.decode_head.dropout_ratio": 0.2,
    "uda.imnet_feature_dist_lambda": 0.005,
    "uda.imnet_feature_dist_scale_min_ratio": 0.1,
}


def logged(folder, kind: str = "decode.loss_seg") -> dict[int, dict]:
    """Scalars by iteration of all logs in a run folder, without times: of the lines that have the scalar ``kind``."""
    lines = [line for file in sorted(folder.glob("*/vis_data/scalars.json")) for line in file.read_text().splitlines()]
    entries = [entry for entry in map(json.loads, lines) if kind in entry]
    untimed = ("time", "data_time", "eta", "memory")
    return {entry["step"]: {key: value for key, value in entry.items() if key not in untimed} for entry in entries}


def assert_equal(first: object, second: object, path: str = "") -> None:
    """Equality of nested containers of tensors and values, bit by bit."""
    assert type(first) is type(second), path
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second), path
    elif isinstance(first, dict):
        assert first.keys() == second.keys(), path
        for key in first:
            assert_equal(first[key], second[key], f"{path}.{key}")
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second), path
        for index, pair in enumerate(zip(first, second, strict=True)):
            assert_equal(*pair, f"{path}.{index}")
    else:
        assert first == second, path


KILLED = """
import os, signal, sys
from mmseg.engine.runner import AdaptationRunner

def save_and_die(self, path, iteration, save=AdaptationRunner.save_state):
    save(self, path, iteration)
    if path.name == "latest.pth":
        os.kill(os.getpid(), signal.SIGKILL)

AdaptationRunner.save_state = save_and_die
from tools.train import main
main()
"""
"""tools/train.py, but killed as soon as it has written its first state."""


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory):
    """The folder of an uninterrupted training."""
    folder = tmp_path_factory.mktemp("whole") / "whole"
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), *tiny.options(tiny_data, **FULL))
    assert done.returncode == 0, done.stderr
    return folder


def test_killed_and_resumed_equals_uninterrupted(whole, tiny_data, tmp_path):
    broken = tmp_path / "broken"
    arguments = [tiny.CONFIG, "--work-dir", str(broken), *tiny.options(tiny_data, **FULL, **{"train_dataloader.num_workers": 2})]
    killed = tiny.run("-c", KILLED, *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (broken / "result.json").exists()
    assert read_checkpoint(broken / "latest.pth")["meta"]["iteration"] == HALF
    resumed = tiny.run("tools/train.py", *arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr

    first, second = (read_checkpoint(folder / "latest.pth") for folder in (whole, broken))
    assert first["meta"]["iteration"] == second["meta"]["iteration"] == 2 * HALF
    assert any(key.startswith("ema_model.") for key in first["state_dict"])
    for part in ("state_dict", "optimizer", "param_schedulers"):
        assert_equal(first[part], second[part], part)
    assert first["meta"]["best_score"] == second["meta"]["best_score"]

    whole_log, broken_log = logged(whole), logged(broken)
    assert set(whole_log) == set(range(1, 2 * HALF + 1))
    for step in range(HALF + 1, 2 * HALF + 1):
        assert whole_log[step] == broken_log[step], step
    for kind, steps in {"pseudo_share/train": {HALF - 1, 2 * (HALF - 1)}, "IoU.train": {HALF, 2 * HALF}}.items():
        shares = logged(whole, kind)
        assert set(shares) == steps and repr(shares) == repr(logged(broken, kind)), kind  # repr: an absent class is NaN
    curves = [json.loads((folder / "evaluations.json").read_text()) for folder in (whole, broken)]
    assert [entry["iteration"] for entry in curves[0]] == [HALF, 2 * HALF]
    assert curves[0] == curves[1]
    assert all(sum(entry["pseudo_share"].values()) == pytest.approx(100) for entry in curves[0])


def test_a_different_seed_trains_differently(whole, tiny_data, tmp_path):
    """The comparison above can fail."""
    short = {**FULL, "train_cfg.max_iters": 2, "train_cfg.val_interval": 2}
    done = tiny.run("tools/train.py", tiny.CONFIG, "--seed", "1", "--work-dir", str(tmp_path / "1"), *tiny.options(tiny_data, **short))
    assert done.returncode == 0, done.stderr
    assert logged(whole)[1]["decode.loss_seg"] != logged(tmp_path / "1")[1]["decode.loss_seg"]
