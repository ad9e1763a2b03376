"""Types and ranges of the options of mmengine's and torch's parts, whose own constructors do not check them.

Each function is a signature by the name of its part; what is without a default has to be set. Options that are not named here are
passed on as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from typing_extensions import TypedDict

from mmseg.utils.options.ranges import CLOSED, NonNegative, Pair, Positive, Share, ShareBelowOne

MOST_WORKERS = 256
"""More processes would only wait for each other."""
MOST_BATCHES = 1024
"""Of one worker; all of them lie in memory."""


class GradientClipping(TypedDict, total=False):
    """Of torch's ``clip_grad_norm_``.

    Attributes:
        max_norm: norm that a larger gradient is brought to.
        norm_type: exponent of the norm; infinity takes the largest entry.
        error_if_nonfinite: a gradient without a norm ends the training.
        foreach: one kernel over all tensors; None chooses by device.
    """

    __pydantic_config__ = {**CLOSED, "allow_inf_nan": True}  # the largest entry is the norm of infinite type

    max_norm: Positive[float]
    norm_type: Positive[float]
    error_if_nonfinite: bool
    foreach: bool | None


class WorkerStart(TypedDict, total=False):
    """How worker processes are started.

    Attributes:
        mp_start_method: of Python's multiprocessing.
        opencv_num_threads: of each process; 0 for OpenCV's own choice.
    """

    __pydantic_config__ = CLOSED

    mp_start_method: Literal["fork", "spawn", "forkserver"]
    opencv_num_threads: NonNegative[int]


class Processes(TypedDict, total=False):
    """How the processes of a training talk.

    Attributes:
        backend: of torch.distributed.
        timeout: seconds that a process waits for the others before it ends the training, 600 by default. Longer than what one process
            does while the others wait: the writing of a checkpoint, or a share of an evaluation that takes longer than the others'.
    """

    __pydantic_config__ = CLOSED

    backend: Literal["nccl", "gloo", "mpi"]
    timeout: Positive[float]


def adam(
    *,
    lr: NonNegative[float],
    betas: Pair[ShareBelowOne] = (0.9, 0.999),
    eps: Positive[float] = 1e-8,
    weight_decay: NonNegative[float] = 0.0,
    amsgrad: bool = False,
) -> None:
    """Adam and AdamW.

    Args:
        lr: learning rate; 0 learns nothing, which is what a dry try wants.
        betas: shares of the old mean and of the old mean square in each update.
        eps: added to the root of the mean square.
        weight_decay: share of each weight that a step takes away, times the learning rate.
        amsgrad: the mean square never falls.
    """


def sgd(
    *,
    lr: NonNegative[float],
    momentum: ShareBelowOne = 0.0,
    dampening: Share = 0.0,
    weight_decay: NonNegative[float] = 0.0,
    nesterov: bool = False,
) -> None:
    """SGD.

    Args:
        lr: learning rate; 0 learns nothing.
        momentum: share of the last update in the next one.
        dampening: share of a gradient that does not enter the momentum.
        weight_decay: share of each weight that is added to its gradient.
        nesterov: looks ahead by the momentum.
    """


def scheduler(
    *,
    by_epoch: Literal[False],
    begin: NonNegative[int] = 0,
    end: Positive[int] | None = None,
    start_factor: Annotated[float, Gt(0), Le(1)] = 1.0,
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
    """All schedules of mmengine, each with its own of these options.

    Args:
        by_epoch: iterations are what this project counts.
        begin: first iteration of the schedule.
        end: iteration behind its last one; None for the end of the training.
        start_factor: factor of the learning rate at the start (LinearLR), whose next value the engine computes from it: not 0.
        end_factor: factor at the end (LinearLR).
        power: exponent of the decay (PolyLR).
        eta_min: last learning rate (PolyLR, CosineAnnealingLR).
        eta_min_ratio: the same, as a share of the first one.
        gamma: factor of a step (StepLR, MultiStepLR, ExponentialLR).
        factor: factor until the end (ConstantLR).
        milestones: iterations of the steps (MultiStepLR).
        T_max: iterations of half a period (CosineAnnealingLR).
        verbose: prints each change.
    """


def loader(
    *,
    batch_size: Positive[int] = 1,
    num_workers: Annotated[int, Ge(0), Le(MOST_WORKERS)] = 0,
    prefetch_factor: Annotated[int, Ge(1), Le(MOST_BATCHES)] | None = None,
    multiprocessing_context: Literal["fork", "spawn", "forkserver"] | None = None,
    pin_memory: bool = False,
    persistent_workers: bool = False,
    drop_last: bool = False,
    timeout: NonNegative[float] = 0,
) -> None:
    """torch's DataLoader.

    Args:
        batch_size: samples of a step, of each process.
        num_workers: processes that load; 0 loads in the training's own.
        prefetch_factor: batches that each of them has ready.
        multiprocessing_context: how they are started; None as the system does.
        pin_memory: pages that a GPU reads directly; on by default where there is one.
        persistent_workers: keeps the processes between epochs; on by default where there are some.
        drop_last: leaves out a last batch that is not full.
        timeout: seconds to wait for a batch; 0 waits on.
    """


def logger_hook(*, interval: Positive[int] = 10, log_metric_by_epoch: bool = True) -> None:
    """LoggerHook.

    Args:
        interval: iterations between two lines.
        log_metric_by_epoch: numbers evaluations by epoch in TensorBoard.
    """


def env_cfg(
    *,
    cudnn_benchmark: bool = False,
    mp_cfg: WorkerStart | None = None,
    dist_cfg: Processes | None = None,
    resource_limit: Positive[int] = 4096,
) -> None:
    """The entry ``env_cfg`` of a config: what the runner sets up for the process.

    Args:
        cudnn_benchmark: tries which algorithm of cuDNN is fastest.
        mp_cfg: how worker processes are started.
        dist_cfg: how the processes of a training talk.
        resource_limit: files that a process may have open.
    """


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
