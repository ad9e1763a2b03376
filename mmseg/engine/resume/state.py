"""The state of a training in a checkpoint: whether it is whole, and of this training."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from mmengine.dist import get_world_size
from torch import Tensor
from torch.optim import Optimizer

from mmseg.models.weights.values import defect
from mmseg.utils.errors import UserError

PARTS = {"state_dict": dict, "optimizer": dict, "param_schedulers": list, "logged": dict}
META = {"iteration": int, "seed": int, "best_score": (int, float)}
LATER_META = {"processes": int, "restored_teachers": list, "evaluation_due": bool}
"""What older files lack."""
ELSEWHERE = "Start from its networks in another folder with --load-from."
OF_ANOTHER = "Start from another file in another folder with --load-from."
"""Where the networks are no use."""


def check_state(content: Mapping[str, Any], path: str | os.PathLike) -> None:
    """Refuses a file without a training state, or with a part of one.

    Args:
        content: of :func:`mmseg.engine.checkpoints.checkpoint.read_checkpoint`.
        path: of the file, for the error.

    Raises:
        UserError: names the part that is missing or is something else.
    """
    meta = content.get("meta")
    if "optimizer" not in content or not isinstance(meta, Mapping) or "iteration" not in meta:
        raise UserError(f"Checkpoint {path} holds weights but no training state. Start from it in another folder with --load-from.")
    for where, values, kinds in (("", content, PARTS), ("meta.", meta, META)):
        for name, kind in kinds.items():
            if name not in values:
                raise UserError(f"Checkpoint {path} lacks {where}{name}, a part of the state of a training. {ELSEWHERE}")
            if not isinstance(values[name], kind) or isinstance(values[name], bool):
                given = type(values[name]).__name__
                raise UserError(f"Checkpoint {path}: {where}{name} is no part of the state of a training, but {given}. {ELSEWHERE}")
    for name, kind in LATER_META.items():
        if name in meta and not isinstance(meta[name], kind):
            given = type(meta[name]).__name__
            raise UserError(f"Checkpoint {path}: meta.{name} is no part of the state of a training, but {given}. {ELSEWHERE}")
    if meta["iteration"] < 0:
        raise UserError(f"Checkpoint {path} says that it was made after {meta['iteration']} iterations. {ELSEWHERE}")
    for key, value in content["state_dict"].items():
        if not (isinstance(key, str) and isinstance(value, Tensor)):
            raise UserError(f"Checkpoint {path}: state_dict.{key} is not a tensor. {OF_ANOTHER}")
    _check_entries("logged", content["logged"], "a list of numbers", _are_numbers, path)
    _check_entries("hooks", content.get("hooks", {}), "the state of a hook", lambda value: isinstance(value, Mapping), path)


def _check_entries(name: str, entries: object, kind: str, fits: Callable[[Any], bool], path: str | os.PathLike) -> None:
    """Refuses a part of the state with another entry than ``kind``, or one whose name is no text."""
    wrong = (
        [f"{name}.{key}" for key, value in entries.items() if not (isinstance(key, str) and fits(value))]
        if isinstance(entries, Mapping)
        else [name]
    )
    if wrong:
        raise UserError(f"Checkpoint {path}: {wrong[0]} is not {kind}. {ELSEWHERE}")


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(number, (int, float)) for number in value)


def check_same_run(meta: Mapping[str, Any], seed: int, path: str | os.PathLike) -> None:
    """Refuses the state of another seed, or of another number of processes: it would go on with other draws.

    Raises:
        UserError: says how to resume it.
    """
    if meta["seed"] != seed:
        raise UserError(f"Checkpoint {path} was trained with seed {meta['seed']}. Resume with --seed {meta['seed']}.")
    processes = meta.get("processes", get_world_size())
    if processes != get_world_size():
        given = f"was trained by {processes} process{'es' * (processes != 1)}, and {get_world_size()} would see other samples"
        fix = f"Resume with torchrun --nproc_per_node {processes}, or start from its networks in another folder with --load-from."
        raise UserError(f"Checkpoint {path} {given}. {fix}")


def steps_made(content: Mapping[str, Any]) -> int:
    """How often the optimizer of a checkpoint has stepped: its iterations less those that were left out, not being finite."""
    skipped = content.get("hooks", {}).get("GuardHook", {}).get("skipped", 0)
    return content["meta"]["iteration"] - (skipped if isinstance(skipped, int) else 0)


def check_optimizer_state(optimizer: Optimizer, state: Mapping[str, Any], path: str | os.PathLike, steps: int = 0) -> None:
    """Refuses options of another kind, averages and momenta of other shapes than the parameters, and entries that are missing.

    Args:
        optimizer: of the config.
        state: what its ``load_state_dict`` would take.
        path: of the file, for the error.
        steps: that it has made, see :func:`steps_made`.

    Raises:
        UserError: names the first that does not fit.
    """
    for own, group in zip(optimizer.param_groups, state["param_groups"], strict=True):
        wrong = [name for name, value in own.items() if name != "params" and not _same_kind(value, group.get(name))]
        if wrong:
            raise UserError(f"Checkpoint {path}: the optimizer's {wrong[0]} is no such option. {ELSEWHERE}")
    groups = zip(optimizer.param_groups, state["param_groups"], strict=True)
    pairs = [pair for own, group in groups for pair in zip(own["params"], group["params"], strict=True)]
    unknown = sorted(state["state"].keys() - {number for _, number in pairs}, key=str)
    if unknown:
        raise UserError(f"Checkpoint {path}: the optimizer's state is of a parameter {unknown[0]!r}, which is in no group. {ELSEWHERE}")
    if steps and not state["state"] and ("betas" in optimizer.defaults or optimizer.defaults.get("momentum")):
        text = f"has no averages of gradients after {steps} steps, and {type(optimizer).__name__} keeps some"
        raise UserError(f"Checkpoint {path}: the optimizer's state {text}. {ELSEWHERE}")
    names = {name for entry in state["state"].values() for name in entry}
    for parameter, number in pairs:
        entry = state["state"].get(number, dict.fromkeys(names))  # a parameter that never had a gradient has none
        for name in sorted(names):
            if name not in entry:
                raise UserError(f"Checkpoint {path}: the optimizer's state lacks {name} of parameter {number}. {ELSEWHERE}")
            if isinstance(entry[name], Tensor) and (wrong := _misfit(entry[name], parameter)):
                raise UserError(f"Checkpoint {path}: the optimizer's {name} of parameter {number} {wrong}. {ELSEWHERE}")


def _misfit(value: Tensor, parameter: Tensor) -> str | None:
    """What is wrong with an average of a parameter, or with a number beside it; None if nothing is."""
    if value.ndim and value.shape != parameter.shape:
        return f"is {tuple(value.shape)} for a parameter of {tuple(parameter.shape)}"
    return defect(
        value, like=parameter if value.ndim else None, finite=False
    )  # a second moment overflows to infinity where a gradient did not, and the training goes on


def _same_kind(own: object, given: object) -> bool:
    """Whether an option of a group of parameters is of the kind that the optimizer has there; numbers are from 0 on."""
    if isinstance(own, (list, tuple)):
        return isinstance(given, (list, tuple)) and len(own) == len(given) and all(map(_same_kind, own, given))
    if isinstance(own, (int, float)) and not isinstance(own, bool):
        return isinstance(given, (int, float)) and not isinstance(given, bool) and math.isfinite(given) and given >= 0
    return own is None or given is None or type(own) is type(given)
