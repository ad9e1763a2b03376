"""Configs in the 0.x vocabulary of HRDA, DAFormer and MIC, upgraded to the native form.

One function per section. Every key is understood, known to carry nothing, or an error that names it.
Nothing outside this package knows the old form.
"""

from __future__ import annotations

from mmengine.config import Config

from mmseg.config.legacy.checks import as_lists, checked
from mmseg.config.legacy.data import upgrade_data
from mmseg.config.legacy.network import upgrade_model, upgrade_uda
from mmseg.config.legacy.training import (
    upgrade_checkpoints,
    upgrade_evaluation,
    upgrade_logging,
    upgrade_lr_schedule,
    upgrade_optimizer,
    upgrade_runner,
    upgrade_seed,
    upgrade_start,
)
from mmseg.utils.errors import UserError
from mmseg.utils.repository import CONFIGS

__all__ = ["OLD_KEYS", "is_legacy", "upgrade"]

SECTIONS = ("model", "data", "optimizer", "lr_config", "runner", "evaluation", "checkpoint_config", "log_config")
OPTIONAL_SECTIONS = ("uda", "optimizer_config", "seed", "load_from", "resume_from", "cudnn_benchmark")
MARKS = ("data", "optimizer", "optimizer_config", "lr_config", "runner", "evaluation", "checkpoint_config", "log_config")
"""Keys that only the old form has."""
NATIVE_MARKS = ("train_dataloader", "optim_wrapper", "param_scheduler", "train_cfg", "default_hooks")
CARRIES_NOTHING = (
    # names of the run and of its parts
    *("name", "exp", "name_dataset", "name_architecture", "name_encoder", "name_decoder", "name_uda", "name_opt", "git_rev", "work_dir"),
    # processes and their output
    *("gpu_model", "n_gpus", "gpu_ids", "use_ddp_wrapper", "find_unused_parameters", "dist_params", "workflow", "log_level"),
    # values that the sections repeat
    *("dataset_type", "data_root", "img_norm_cfg", "crop_size", "norm_cfg"),
    *("train_pipeline", "test_pipeline"),
)
OLD_KEYS = (*SECTIONS, *OPTIONAL_SECTIONS, *CARRIES_NOTHING)
PIPELINES = "_train_pipeline"
"""End of the names of pipelines that ``data`` repeats, such as gta_train_pipeline."""
RUNTIME = CONFIGS / "_base_" / "default_runtime.py"


def is_legacy(cfg: Config) -> bool:
    """Whether a config is in the old form.

    Raises:
        UserError: it has keys of both forms.
    """
    old, native = (next((key for key in marks if key in cfg), None) for marks in (MARKS, NATIVE_MARKS))
    if old and native:
        raise UserError(f"'{old}' belongs to the 0.x form of configs and '{native}' to the present one. Use one form for the whole config.")
    return old is not None


def upgrade(cfg: Config) -> Config:
    """The native form of a complete 0.x config.

    Raises:
        UserError: a key is not understood, or a value has no counterpart; names its full path.
    """
    repeated = [key for key in cfg if key.endswith(PIPELINES)]
    old = checked(as_lists(cfg.to_dict()), "", (*SECTIONS, *OPTIONAL_SECTIONS, *CARRIES_NOTHING, *repeated), required=SECTIONS)
    runtime = Config.fromfile(RUNTIME).to_dict()
    max_iters = upgrade_runner(old["runner"])
    loaders, normalization = upgrade_data(old["data"])
    uda, picture_interval = upgrade_uda(old, max_iters, normalization)
    native = {
        "model": upgrade_model(old["model"]),
        "uda": uda,
        **loaders,
        **upgrade_evaluation(old["evaluation"], max_iters),
        "optim_wrapper": upgrade_optimizer(old["optimizer"], old.get("optimizer_config")),
        "param_scheduler": upgrade_lr_schedule(old["lr_config"], max_iters),
        **runtime,
        **upgrade_start(old),
        **upgrade_seed(old),
    }
    native["default_hooks"]["checkpoint"] |= upgrade_checkpoints(old["checkpoint_config"], native["train_cfg"]["val_interval"])
    native["default_hooks"]["logger"] |= upgrade_logging(old["log_config"])
    native["env_cfg"]["cudnn_benchmark"] = bool(old.get("cudnn_benchmark", native["env_cfg"]["cudnn_benchmark"]))
    for hook in native["custom_hooks"]:
        if hook["type"] == "PictureHook" and picture_interval:
            hook["interval"] = picture_interval
    return Config(native)
