"""What a config must have, may have, and cannot have."""

from __future__ import annotations

import reprlib
from pathlib import Path

from mmengine.config import Config

from mmseg.utils.computing.precision import Precision
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.config_text import WRITABLE, unwritable

REQUIRED = (
    "model",
    "uda",
    "train_dataloader",
    "val_dataloader",
    "val_evaluator",
    "train_cfg",
    "optim_wrapper",
    "param_scheduler",
    "default_hooks",
    "visualizer",
    "env_cfg",
)
EVALUATED = ("model", "uda", "val_dataloader", "val_evaluator", "env_cfg")
"""What an evaluation reads. The training data, where they are there, say which classes the source lacks."""
OPTIONAL = (
    *("seed", "work_dir", "custom_hooks", "launcher", "demo_data", "load_from", "test_dataloader"),
    *("sync_batchnorm", "precision", "micro_batches", "compile", "custom_imports", "skip_classifier", "command"),
)
TRAIN_OPTIONS = ("type", "max_iters", "val_begin", "val_interval")
DEFAULT_HOOKS = ("runtime_info", "timer", "logger", "param_scheduler", "checkpoint", "sampler_seed", "guard")
SWITCHES = ("compile", "sync_batchnorm", "skip_classifier")
HELPERS = ("scale", "crop_size", "norm_cfg", "img_scale", "data_root", "source_root", "target_root")
"""Names that our configs use for values which other entries repeat."""


def check_keys(cfg: Config, path: str | Path, *, training: bool = True) -> None:
    """Refuses a config that lacks a part of a training or of an evaluation, or has one that nothing reads."""
    for key in cfg:
        if key not in (*REQUIRED, *OPTIONAL, *HELPERS):
            fix = suggestion(key, (*REQUIRED, *OPTIONAL)) or f" Remove it; if the file only uses it for other entries, call it _{key}."
            raise UserError(f"{path}: unknown key '{key}'.{fix}")
    for key in REQUIRED if training else EVALUATED:
        if key not in cfg:
            raise UserError(f"{path}: the key '{key}' is missing. Add it, or inherit it from a file in configs/_base_/.")
    for key in cfg.get("train_cfg", ()):
        if key not in TRAIN_OPTIONS:
            fix = suggestion(key, TRAIN_OPTIONS) or f" Use {', '.join(TRAIN_OPTIONS)}."
            raise UserError(f"{path}: train_cfg has no option '{key}'.{fix}")
    for key in cfg.get("default_hooks", ()):
        if key not in DEFAULT_HOOKS and (close := suggestion(key, DEFAULT_HOOKS)):
            raise UserError(f"{path}: default_hooks has no entry '{key}'.{close}")
    check_counts(cfg, path, training=training)
    check_precision(cfg, path)
    check_switches(cfg, path)
    check_values(cfg, path)


def check_values(cfg: Config, path: str | Path) -> None:
    """Refuses a value that ``config.py`` of a run could not hold, so that the run could not be resumed."""
    if found := unwritable(cfg.to_dict()):
        key, value = found
        raise UserError(f"{path}: {key} is {reprlib.repr(value)}, which no config file can hold. Use {WRITABLE}.")


def check_precision(cfg: Config, path: str | Path) -> None:
    """Refuses a precision that is not known."""
    try:
        Precision(cfg.get("precision", "fp32"))
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def check_switches(cfg: Config, path: str | Path) -> None:
    """Refuses a switch that is neither on nor off: the text 'false' of a command line would be on."""
    for key in SWITCHES:
        if not isinstance(cfg.get(key, False), bool):
            raise UserError(f"{path}: {key} is {cfg[key]!r}. Use True or False.")


def check_counts(cfg: Config, path: str | Path, *, training: bool) -> None:
    """Refuses iterations, batch sizes and worker counts that are no whole numbers, or too small."""
    least = {f"train_cfg.{key}": 1 for key in ("max_iters", "val_interval", "val_begin")}
    for loader in ("train_dataloader", "val_dataloader", "test_dataloader"):
        least |= {f"{loader}.batch_size": 1, f"{loader}.num_workers": 0}
    for name, minimum in least.items():
        section, key = name.split(".")
        if section not in cfg or (section == "train_dataloader" and not training):
            continue
        if key not in cfg[section] and key in ("val_interval", "val_begin"):
            continue  # the engine has defaults
        value = cfg[section].get(key)
        if type(value) is not int or value < minimum:
            raise UserError(f"{path}: {name} is {value!r}. Use a whole number of at least {minimum}.")
    if training:
        check_micro_batches(cfg, path)
    if training and cfg.train_cfg.get("val_begin", 1) > cfg.train_cfg.max_iters:
        given = f"val_begin is {cfg.train_cfg.val_begin} of {cfg.train_cfg.max_iters} iterations"
        raise UserError(f"{path}: {given}, so the training would end without an evaluation. Use {cfg.train_cfg.max_iters} or less.")


def check_micro_batches(cfg: Config, path: str | Path) -> None:
    """Refuses a number of parts that a batch of the training cannot be divided into."""
    parts, size = cfg.get("micro_batches", 1), cfg.get("train_dataloader", {}).get("batch_size", 0)
    if type(parts) is not int or parts < 1 or size % parts:
        text = f"micro_batches is {parts!r}, but has to divide train_dataloader.batch_size={size}, the batch of a process"
        raise UserError(f"{path}: {text}. Use a multiple of micro_batches as batch_size.")
