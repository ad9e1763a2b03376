"""A HRDA training of seconds, as command line options."""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.forks import ROOT, Forks

CONFIG = "configs/demo/demoHR2demoHR_hrda.py"


def values(data: Path, **changes: object) -> dict[str, object]:
    """Overrides that shrink the demo HRDA config to crops of 64 pixels on the data in ``data``."""
    return {
        "demo_data": None,
        "crop_size": (64, 64),
        "train_dataloader.num_workers": 0,
        "train_dataloader.dataset.source.data_root": str(data / "gta"),
        "train_dataloader.dataset.target.data_root": str(data / "cityscapes"),
        "train_dataloader.dataset.source_crop": {"img_scale": (128, 64), "crop_size": (64, 64)},
        "train_dataloader.dataset.target_crop": {"img_scale": (128, 64), "crop_size": (64, 64)},
        "train_dataloader.dataset.crop_pseudo_margins": [1, 8, 1, 1],
        "train_dataloader.dataset.rare_class_sampling": {"min_pixels": 2, "class_temp": 0.01, "min_crop_ratio": 1.0},
        "val_dataloader.num_workers": 0,
        "val_dataloader.batch_size": 2,
        "val_dataloader.dataset.data_root": str(data / "cityscapes"),
        "val_dataloader.dataset.test_scale": (128, 64),
        "model.hr_crop_size": (32, 32),
        "model.test_cfg.crop_size": (64, 64),
        "model.test_cfg.stride": (32, 32),
        "uda.self_training_start": 1,
        "train_cfg.max_iters": 2,
        "train_cfg.val_interval": 2,
        "default_hooks.checkpoint.interval": 2,
        "default_hooks.logger.interval": 1,
        "custom_hooks.1.interval": 100,
        **changes,
    }


def options(data: Path, **changes: object) -> list[str]:
    """The same as ``--cfg-options``."""
    return ["--cfg-options", *(f"{key}={value!r}" for key, value in values(data, **changes).items())]


def command(tool: str, *arguments: str) -> list[str]:
    """The command line of a tool of this repository."""
    return [sys.executable, str(ROOT / tool), *arguments]


def environment() -> dict[str, str]:
    """One thread, so that sums are taken in one order."""
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**own, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


@functools.cache
def forks() -> Forks:
    """Of the environment in which the first command runs."""
    made = Forks(environment())
    atexit.register(made.close)
    return made


def run(*words: str) -> subprocess.CompletedProcess:
    """Runs a tool, or what follows ``-c``, to its end and captures what it prints; in a fork, unless a test changes the environment."""
    if forks().environment == environment():
        return forks().run(words, ROOT)
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=300)


def result_of(run: Path) -> dict:
    """What ``result.json`` says, without the hash of the checkpoint's file: that has times in it, which no two runs share."""
    result = json.loads((run / "result.json").read_text())
    assert len(result["provenance"]["weights"].pop("checkpoint")) == 64
    return result
