"""Which trainings are the same: digests of what decides what a run learns, and names that are made of them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mmengine.config import Config

from mmseg.config.checks import HELPERS
from mmseg.utils.options.custom_modules import module_sources

NOT_IDENTITY = ("work_dir", "default_hooks", "visualizer", "env_cfg", "launcher")
OF_EVALUATIONS = ("val_dataloader", "val_evaluator", "test_dataloader")
"""What changes nothing of what a training learns, and much of what a command makes of a checkpoint."""
REPORTING_HOOKS = ("ResultHook", "PictureHook", "ClassHealthHook", "ReferenceBandHook")
"""Hooks that change nothing of what is learned; of others that is not known."""
DEFAULTS = {"precision": "fp32", "micro_batches": 1, "compile": False, "sync_batchnorm": False, "skip_classifier": False}
"""What a config says by leaving a key out; with the key it is the same training."""
LOADING = ("num_workers", "pin_memory", "persistent_workers", "prefetch_factor")
"""Options of a loader that change its speed alone: samples are functions of seed and index."""


def digest(cfg: Config) -> str:
    """Eight hexadecimal digits of everything that decides what a run learns (not where and how it is logged or evaluated).

    What it takes from earlier stages is in it by their digests, see :mod:`mmseg.config.references`.
    """
    left_out = (*NOT_IDENTITY, *HELPERS, *(() if "command" in cfg else OF_EVALUATIONS))
    entries = cfg.to_dict().items()
    identity = {key: value for key, value in entries if key not in left_out and (key, value) not in DEFAULTS.items()}
    hooks = [hook for hook in identity.pop("custom_hooks", None) or () if hook.get("type") not in REPORTING_HOOKS]
    if hooks:
        identity["custom_hooks"] = [{key: value for key, value in hook.items() if key != "workers_per_gpu"} for hook in hooks]
    if "custom_imports" in identity:
        files = module_sources(identity["custom_imports"])
        identity["custom_imports"] = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        if name in identity:  # what can be evaluated alone may have none
            identity[name] = {key: value for key, value in identity[name].items() if key not in LOADING}
    return hashlib.sha256(json.dumps(canonical(identity), sort_keys=True, default=str).encode()).hexdigest()[:8]


def row_digest(cfg: Config) -> str:
    """:func:`digest` of the config without its seed: equal for the runs of a row."""
    return digest(Config({**cfg.to_dict(), "seed": 0}))


def canonical(value: Any) -> Any:
    """Equal values in one spelling: 1 for 1.0, lists for tuples and, sorted, for sets; keys that JSON cannot sort as texts."""
    if isinstance(value, dict):
        kinds = {type(key) for key in value}
        sortable = len(kinds) < 2 and kinds <= {str, int, float, bool, type(None)}
        return {key if sortable else repr(key): canonical(entry) for key, entry in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(canonical, value), key=repr)
    if isinstance(value, (list, tuple)):
        return [canonical(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def run_name(name: str, cfg: Config) -> str:
    """Name of a run's folder: config or row, seed, digest."""
    return f"{name}_s{cfg.seed}_{digest(cfg)}"
