"""Optimizer, learning rate, runner, evaluation, checkpoints, logging, start and seed of an old config."""

from __future__ import annotations

from typing import Any

from mmseg.config.legacy.checks import accept, checked, dictionary, note, type_of, whole_number
from mmseg.utils.errors import UserError

OPTIMIZER_OPTIONS = {
    "AdamW": ("lr", "betas", "eps", "weight_decay", "amsgrad"),
    "SGD": ("lr", "momentum", "dampening", "weight_decay", "nesterov"),
}


EVALUATION_FORMS = ("pre_eval", "efficient_test", "save_best", "rule", "greater_keys", "less_keys", "out_dir")
"""How the old code gathers results and which states it keeps; changes no result."""


def upgrade_optimizer(optimizer: dict, optimizer_config: dict | None) -> dict:
    """``optimizer`` -> ``optim_wrapper``; the published ``optimizer_config`` is None (the method steps) or empty."""
    checked(optimizer_config or {}, "optimizer_config", ())
    kind = type_of(optimizer)
    if kind not in OPTIMIZER_OPTIONS:
        raise UserError(f"optimizer.type is {kind!r}. Use {' or '.join(map(repr, OPTIMIZER_OPTIONS))}.")
    options = dict(checked(optimizer, "optimizer", ("type", "paramwise_cfg", *OPTIMIZER_OPTIONS[kind]), required=("lr",)))
    paramwise = checked(options.pop("paramwise_cfg", None) or {}, "optimizer.paramwise_cfg", ("custom_keys",))
    custom_keys = dictionary(paramwise.get("custom_keys") or {}, "optimizer.paramwise_cfg.custom_keys")
    for name, multipliers in custom_keys.items():
        checked(multipliers, f"optimizer.paramwise_cfg.custom_keys.{name}", ("lr_mult", "decay_mult"))
    wrapper = {"type": "OptimWrapper", "constructor": "GroupedOptimWrapperConstructor", "optimizer": options}
    return {**wrapper, "paramwise_cfg": {"custom_keys": custom_keys}} if custom_keys else wrapper


def upgrade_lr_schedule(lr_config: dict, max_iters: int) -> list[dict]:
    """``lr_config`` -> ``param_scheduler``: the decay, and the warm-up that it is multiplied with.

    mmengine counts end - begin - 1 steps, hence the + 1.
    """
    known = ("policy", "power", "min_lr", "by_epoch", "warmup", "warmup_iters", "warmup_ratio", "warmup_by_epoch")
    checked(lr_config, "lr_config", known, required=("policy",))
    accept(lr_config, "lr_config", {"policy": ["poly"], "by_epoch": [False], "warmup": ["linear", None], "warmup_by_epoch": [False]})
    least = lr_config.get("min_lr", 0.0)
    decay = {"type": "PolyLR", "power": lr_config.get("power", 1.0), "eta_min": least, "begin": 0, "end": max_iters + 1, "by_epoch": False}
    if lr_config.get("warmup") is None:
        return [decay]
    checked(lr_config, "lr_config", known, required=("warmup_iters", "warmup_ratio"))
    if least:  # then the published rate is no product of a warm-up and a decay that run step by step
        text = "together with a warm-up, which has no counterpart here"
        raise UserError(f"lr_config.min_lr is {least!r} {text}. Use min_lr=0.0 or warmup=None.")
    end = whole_number(lr_config["warmup_iters"], "lr_config.warmup_iters") + 1
    return [{"type": "LinearLR", "start_factor": lr_config["warmup_ratio"], "begin": 0, "end": end, "by_epoch": False}, decay]


def upgrade_runner(runner: dict) -> int:
    """``runner`` -> number of iterations."""
    checked(runner, "runner", ("type", "max_iters"), required=("max_iters",))
    accept(runner, "runner", {"type": ["IterBasedRunner"]})
    return whole_number(runner["max_iters"], "runner.max_iters")


def upgrade_evaluation(evaluation: dict, max_iters: int) -> dict[str, dict]:
    """``evaluation`` -> ``train_cfg`` and ``val_evaluator``; see :data:`EVALUATION_FORMS`."""
    checked(evaluation, "evaluation", ("interval", "metric", "by_epoch", *EVALUATION_FORMS), required=("interval",))
    accept(evaluation, "evaluation", {"metric": ["mIoU", ["mIoU"]], "by_epoch": [False]})
    interval = whole_number(evaluation["interval"], "evaluation.interval")
    loop = {"type": "AdaptationTrainLoop", "max_iters": max_iters, "val_interval": interval}
    return {"val_evaluator": {"type": "IoUMetric"}, "train_cfg": loop}


def upgrade_checkpoints(checkpoint_config: dict, evaluation_interval: int) -> dict[str, Any]:
    """``checkpoint_config`` -> options of the CheckpointHook, which keeps the latest and the best state.

    States are no rarer than evaluations: the published runs save once, at their end, and could not be resumed before.
    """
    known = ("interval", "by_epoch", "max_keep_ckpts", "meta")
    checked(checkpoint_config, "checkpoint_config", known, required=("interval",), harmless=True)
    accept(checkpoint_config, "checkpoint_config", {"by_epoch": [False]})
    interval = whole_number(checkpoint_config["interval"], "checkpoint_config.interval")
    return {"interval": min(interval, evaluation_interval)}


def upgrade_logging(log_config: dict) -> dict[str, Any]:
    """``log_config`` -> options of the LoggerHook; text and TensorBoard are always written, and nothing else."""
    checked(log_config, "log_config", ("interval", "hooks"), required=("interval",), harmless=True)
    hooks = log_config.get("hooks") or []
    for index, hook in enumerate(hooks if isinstance(hooks, list) else [hooks]):
        if type_of(hook) not in ("TextLoggerHook", "TensorboardLoggerHook"):
            note(f"log_config.hooks[{index}] is {hook!r}: written are the text log and TensorBoard's files.")
    return {"interval": whole_number(log_config["interval"], "log_config.interval")}


def upgrade_style_hook(hook: dict) -> dict[str, Any]:
    """``style_hallucination_hook`` -> the hook that measures base styles."""
    known = ("interval", "samples_per_gpu", "workers_per_gpu")
    return {"type": "BaseStylesHook", **checked(hook, "style_hallucination_hook", known, required=("interval",))}


def upgrade_start(old: dict) -> dict[str, str]:
    """``load_from`` is passed on; ``resume_from`` is a flag of the training."""
    fix = "Remove it; --load-from FILE starts from the networks of a file, --resume goes on in a run folder."
    accept(old, "", {"resume_from": [None]}, fix=fix)
    return {"load_from": old["load_from"]} if old.get("load_from") else {}


def upgrade_seed(old: dict) -> dict[str, int]:
    """``seed``; without one, 0 as in :func:`mmseg.utils.load_config`."""
    return {"seed": old["seed"]} if old.get("seed") is not None else {}
