"""A HRDA training of seconds with two rounds of annotating."""

from __future__ import annotations

from pathlib import Path

from mmseg.config.config import load_config
from tests import tiny

ROUNDS = (1, 3)
SIDE = 3
HOOK = {
    "type": "AnnotationRounds",
    "rounds": list(ROUNDS),
    "budget": {"ratio": 0.05},
    "acquisition": {"type": "RegionImpurity"},
    "workers_per_gpu": 0,
}


def values(data: Path, hook: dict | None = None, **changes: object) -> dict[str, object]:
    """Overrides of :data:`tiny.CONFIG`: DACS with sparse labels of the target."""
    hooks = [{"type": "ResultHook"}, {**HOOK, **(hook or {})}]
    own = {
        "train_dataloader.dataset.target.ann_dir": "gtFine/train",
        "train_cfg.max_iters": 5,
        "train_cfg.val_interval": 5,
        "default_hooks.checkpoint.interval": 5,
        "custom_hooks": hooks,
        "uda.annotated": {"negative": 1.0},
    }
    kept = {key: value for key, value in tiny.values(data).items() if not key.startswith("custom_hooks")}
    return {**kept, **own, **changes}


def config(data: Path, hook: dict | None = None, **changes: object):
    """The complete config."""
    return load_config(tiny.CONFIG, values(data, hook, **changes))


def options(data: Path, hook: dict | None = None, **changes: object) -> list[str]:
    """The same as ``--cfg-options``."""
    return ["--cfg-options", *(f"{key}={value!r}" for key, value in values(data, hook, **changes).items())]
