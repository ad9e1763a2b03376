"""Types and ranges of the options of mmengine's and torch's parts, whose own constructors do not check them.

Each function is a signature by the name of its part; what is without a default has to be set. Options that are not named here are
passed on as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from typing_extensions import TypedDict

from mmseg.utils.ranges import CLOSED, NonNegative, Pair, Positive, Share, ShareBelowOne

MOST_WORKERS = 256
"""More processes would only wait for each other."""


class GradientClipping(TypedDict, total=False):
    """Of torch's ``clip_grad_norm_``."""

    __pydantic_config__ = {**CLOSED, "allow_inf_nan": True}  # the largest entry is the norm of infinite type

    max_norm: Positive[float]
    norm_type: Positive[float]
    error_if_nonfinite: bool
    foreach: bool | None


class WorkerStart(TypedDict, total=False):
    """How worker processes are started."""

    __pydantic_config__ = CLOSED

    mp_start_method: Literal["fork", "spawn", "forkserver"]
    opencv_num_threads: NonNegative[int]


class Processes(TypedDict, total=False):
    """How the processes of a training talk."""

    __pydantic_config__ = CLOSED

    backend: Literal["nccl", "gloo", "mpi"]


def adam(
    *,
    lr: NonNegative[float],
    betas: Pair[ShareBelowOne] = (0.9, 0.999),
    eps: Positive[float] = 1e-8,
    weight_decay: NonNegative[float] = 0.0,
    amsgrad: bool = False,
) -> None:
    """Adam and AdamW; a rate of 0 learns nothing, which is what a dry try wants."""


def sgd(
    *,
    lr: NonNegative[float],
    momentum: ShareBelowOne = 0.0,
    dampening: Share = 0.0,
    weight_decay: NonNegative[float] = 0.0,
    nesterov: bool = False,
) -> None:
    """SGD."""


def scheduler(
    *,
    by_epoch: Literal[False],
    begin: NonNegative[int] = 0,
    end: Positive[int] | None = None,
    start_factor: Share = 1.0,
    end_factor: Share = 1.0,
    power: Positive[float] = 1.0,
    eta_min: NonNegative[float] = 0.0,
    eta_min_ratio: Share | None = None,
    gamma: Share = 0.1,
    factor: Share = 1.0,
    milestones: list[Positive[int]] | tuple[Positive[int], ...] = (),
    T_max: Positive[int] | None = None,  # noqa: N803 (mmengine's name)
    verbose: bool = False,
) -> None:
    """All schedules of mmengine; iterations are what this project counts."""


def loader(
    *,
    batch_size: Positive[int] = 1,
    num_workers: Annotated[int, Ge(0), Le(MOST_WORKERS)] = 0,
    prefetch_factor: Positive[int] | None = None,
    pin_memory: bool = False,
    persistent_workers: bool = False,
    drop_last: bool = False,
    timeout: NonNegative[float] = 0,
) -> None:
    """torch's DataLoader."""


def logger_hook(*, interval: Positive[int] = 10, log_metric_by_epoch: bool = True) -> None:
    """LoggerHook."""


def env_cfg(
    *,
    cudnn_benchmark: bool = False,
    mp_cfg: WorkerStart | None = None,
    dist_cfg: Processes | None = None,
    resource_limit: Positive[int] = 4096,
) -> None:
    """The entry ``env_cfg`` of a config: what the runner sets up for the process."""


SIGNATURES: dict[str, Callable] = {
    "Adam": adam,
    "AdamW": adam,
    "SGD": sgd,
    "DataLoader": loader,
    "LoggerHook": logger_hook,
}


def signature_of(name: str) -> Callable | None:
    """The signature that belongs to a part of the engine, if one does; schedules are known by the end of their name."""
    return SIGNATURES.get(name) or (scheduler if name.endswith(("LR", "Momentum")) else None)


def missing_option(name: str, options: dict[str, Any]) -> str | None:
    """The first option of a part of the engine that has to be set and is not."""
    known = signature_of(name)
    required = inspect.signature(known).parameters.items() if known else ()
    return next((key for key, option in required if option.default is option.empty and key not in options), None)
