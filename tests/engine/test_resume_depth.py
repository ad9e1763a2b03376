"""Trainings with depth and density that are killed and resumed equal uninterrupted ones, bit by bit."""

import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tests.engine.test_resume import HALF, KILLED, assert_equal, logged
from tests.models.uda.mixtures_file import mixtures

NETWORK = f"""
_base_ = ["{tiny.ROOT / tiny.CONFIG}"]
model = dict(
    backbone=dict(drop_path_rate=0.2),
    decode_head=dict(dropout_ratio=0.2),
    depth_head=dict(type="DepthDensityHead", in_channels=64, in_index=2, channels=8, averaged=4, init_std=None),
)
train_dataloader = dict(dataset=dict(source=dict(depth_dir="DEPTH"), target_place=True))
"""
ADVERSARIAL = """
uda = dict(_delete_=True, type="DepthDistribution", mixtures="MIXTURES")
"""
SELF_TRAINING = """
uda = dict(
    depth=dict(mixtures="MIXTURES"),
    pseudo_threshold=None,
    labeling=[dict(type="ConfidenceShare", threshold=0.1), dict(type="SpatialPrior", thresholds=[50.0])],
)
"""


def write_depth(data: Path, folder: Path) -> Path:
    """Depth beside the tiny source: a ground plane below the horizon, sky above it."""
    folder.mkdir()
    for image in sorted((data / "gta" / "images").glob("*.png")):
        height, width = cv2.imread(str(image)).shape[:2]
        rows = np.arange(height)[:, None] - height // 2
        centimetres = np.where(rows > 0, 20000 / np.maximum(rows, 1), 65535)
        cv2.imwrite(str(folder / image.name), np.broadcast_to(centimetres, (height, width)).astype(np.uint16))
    return folder


@pytest.mark.parametrize(("method", "units"), [(ADVERSARIAL, "raw"), (SELF_TRAINING, "normalized")], ids=["adversarial", "self-training"])
def test_killed_and_resumed_equals_uninterrupted(method, units, tiny_data, tmp_path):
    config, whole, broken = tmp_path / "own.py", tmp_path / "whole", tmp_path / "broken"
    depth = write_depth(tiny_data, tmp_path / "depth")
    config.write_text((NETWORK + method).replace("MIXTURES", mixtures(units)).replace("DEPTH", str(depth)))
    changes = {"train_cfg.max_iters": 2 * HALF, "train_cfg.val_interval": HALF, "default_hooks.checkpoint.interval": HALF}
    options = tiny.options(tiny_data, **changes)
    done = tiny.run("tools/train.py", str(config), "--work-dir", str(whole), *options)
    assert done.returncode == 0, done.stderr

    arguments = [str(config), "--work-dir", str(broken), *options]
    killed = tiny.run("-c", KILLED, *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = tiny.run("tools/train.py", *arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr

    first, second = (read_checkpoint(folder / "latest.pth") for folder in (whole, broken))
    assert first["meta"]["iteration"] == second["meta"]["iteration"] == 2 * HALF
    for part in ("state_dict", "optimizer", "param_schedulers"):
        assert_equal(first[part], second[part], part)
    assert not any("mixtures" in key for key in first["state_dict"])
    whole_log, broken_log = logged(whole), logged(broken)
    assert all(whole_log[step] == broken_log[step] for step in range(HALF + 1, 2 * HALF + 1))
    assert {"depth.loss_source", "density.loss_source", "density.loss_target"} <= whole_log[2 * HALF].keys()
