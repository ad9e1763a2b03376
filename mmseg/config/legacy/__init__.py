"""Configs in the 0.x vocabulary of HRDA, DAFormer and MIC, upgraded to the native form.

One function per section, in two parts: what an evaluation reads, and what only a training does. Every key is understood, known
to carry nothing (a note where it is not known, but can change no result), or an error that names it. For an evaluation, an
error in the part of the training is a note.
Nothing outside this package knows the old form.
"""

from __future__ import annotations

import functools

from mmengine.config import Config

from mmseg.config.legacy.checks import as_lists, checked, note
from mmseg.config.legacy.data import common_normalization, known_source, upgrade_evaluation_data, upgrade_training_data
from mmseg.config.legacy.network import ignores_target, own_preprocessor, upgrade_model, upgrade_uda
from mmseg.config.legacy.training import (
    upgrade_checkpoints,
    upgrade_evaluation,
    upgrade_logging,
    upgrade_lr_schedule,
    upgrade_optimizer,
    upgrade_runner,
    upgrade_seed,
    upgrade_start,
    upgrade_style_hook,
)
from mmseg.config.reading.code import run_config
from mmseg.utils.errors import UserError
from mmseg.utils.repository import CONFIGS

__all__ = ["OLD_KEYS", "is_legacy", "upgrade"]

SECTIONS = ("model", "data", "optimizer", "lr_config", "runner", "evaluation", "checkpoint_config", "log_config")
OPTIONAL_SECTIONS = ("uda", "optimizer_config", "seed", "load_from", "resume_from", "cudnn_benchmark", "style_hallucination_hook")
MARKS = ("data", "optimizer", "optimizer_config", "lr_config", "runner", "evaluation", "checkpoint_config", "log_config")
"""Keys that only the old form has."""
NATIVE_MARKS = ("train_dataloader", "optim_wrapper", "param_scheduler", "train_cfg", "default_hooks")
CARRIES_NOTHING = (
    # names of the run and of its parts
    *("name", "exp", "name_dataset", "name_architecture", "name_encoder", "name_decoder", "name_uda", "name_opt", "git_rev", "work_dir"),
    # processes and their output
    *("gpu_model", "n_gpus", "gpu_ids", "device", "use_ddp_wrapper", "find_unused_parameters", "dist_params", "workflow", "log_level"),
    *("auto_resume", "mp_start_method", "opencv_num_threads"),
    # values that the sections repeat
    *("dataset_type", "data_root", "img_norm_cfg", "crop_size", "norm_cfg"),
    *("train_pipeline", "test_pipeline"),
)
OLD_KEYS = (*SECTIONS, *OPTIONAL_SECTIONS, *CARRIES_NOTHING)
PIPELINES = "_train_pipeline"
"""End of the names of pipelines that ``data`` repeats, such as gta_train_pipeline."""
RUNTIME = CONFIGS / "_base_" / "default_runtime.py"


@functools.cache
def runtime() -> Config:
    """What every training of this project shares; an old config has no words for it."""
    return run_config(RUNTIME)


def is_legacy(cfg: Config) -> bool:
    """Whether a config is in the old form.

    Raises:
        UserError: it has keys of both forms.
    """
    old, native = (next((key for key in marks if key in cfg), None) for marks in (MARKS, NATIVE_MARKS))
    if old and native:
        raise UserError(f"'{old}' belongs to the 0.x form of configs and '{native}' to the present one. Use one form for the whole config.")
    return old is not None


def upgrade(cfg: Config, *, training: bool = True) -> Config:
    """The native form of a 0.x config.

    Args:
        training: False upgrades what an evaluation reads, and the rest where it is understood: a mistake in it is a note.

    Raises:
        UserError: a key is not understood, or a value has no counterpart; names its full path.
    """
    old = as_lists(cfg.to_dict())
    for key in ("model", "data"):
        if key not in old:
            raise UserError(f"{key} is missing. Add it.")
    native, normalizations = evaluation_parts(old, harmless=not training)
    try:
        return Config(native | training_parts(old, normalizations))
    except UserError as error:
        if training:
            raise
        note(f"This config can be evaluated, but not trained: {error}")
        return Config(native | known_source(old))


def evaluation_parts(old: dict, *, harmless: bool) -> tuple[dict, dict[str, dict]]:
    """What an evaluation reads: network, data and their normalisation; and the normalisations by path."""
    loaders, normalizations = upgrade_evaluation_data(old["data"], harmless=harmless)
    native = {
        "model": upgrade_model(old["model"], harmless=harmless),
        "uda": own_preprocessor(common_normalization(normalizations)),
        **loaders,
        "val_evaluator": {"type": "IoUMetric"},
        **runtime().to_dict(),
        **upgrade_seed(old),
    }
    native["env_cfg"]["cudnn_benchmark"] = old.get("cudnn_benchmark", native["env_cfg"]["cudnn_benchmark"])
    return native, normalizations


def training_parts(old: dict, evaluated: dict[str, dict]) -> dict:
    """What only a training reads.

    Args:
        evaluated: normalisations of the data of an evaluation, by path.
    """
    repeated = [key for key in old if key.endswith(PIPELINES)]
    checked(old, "", (*OLD_KEYS, *repeated), required=SECTIONS)
    max_iters = upgrade_runner(old["runner"])
    loader, trained = upgrade_training_data(old["data"], ignored_target=ignores_target(old))
    uda, picture_interval = upgrade_uda(old, max_iters, common_normalization({**trained, **evaluated}))
    native = {
        "uda": uda,
        "train_dataloader": loader,
        **upgrade_evaluation(old["evaluation"], max_iters),
        "optim_wrapper": upgrade_optimizer(old["optimizer"], old.get("optimizer_config")),
        "param_scheduler": upgrade_lr_schedule(old["lr_config"], max_iters),
        **{key: value for key, value in runtime().to_dict().items() if key in ("default_hooks", "custom_hooks")},
        **upgrade_start(old),
    }
    native["default_hooks"]["checkpoint"] |= upgrade_checkpoints(old["checkpoint_config"], native["train_cfg"]["val_interval"])
    native["default_hooks"]["logger"] |= upgrade_logging(old["log_config"])
    if old.get("style_hallucination_hook") is not None:
        native["custom_hooks"].append(upgrade_style_hook(old["style_hallucination_hook"]))
    for hook in native["custom_hooks"]:
        if hook["type"] == "PictureHook" and picture_interval:
            hook["interval"] = picture_interval
    return native
