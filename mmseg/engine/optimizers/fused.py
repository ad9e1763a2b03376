"""torch's optimizers as one kernel over all tensors, which can leave a step out on the device.

A kernel reads ``found_inf`` from the device and changes nothing where it is 1, so that the host does not wait for it.
"""

from __future__ import annotations

import torch
from mmengine.registry import OPTIMIZERS
from torch import Tensor
from torch.optim import Optimizer

from mmseg.registry import build_checked, component_of

FUSED = (torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD)
IMPLEMENTATION = ("fused", "foreach")


def build_fused(optimizer: dict) -> Optimizer:
    """The optimizer of a config; fused unless the config chooses an implementation itself, or its class has none.

    SGD with dampening has none: its fused first step is another one than those that follow, see :func:`_start_momentum`.

    Args:
        optimizer: with ``type`` and ``params``.
    """
    fusible = component_of(optimizer, OPTIMIZERS) in FUSED and not optimizer.get("dampening")
    implementation = {"fused": True} if fusible and not any(key in optimizer for key in IMPLEMENTATION) else {}
    built = build_checked({**optimizer, **implementation}, OPTIMIZERS)
    built.register_load_state_dict_pre_hook(_keep_implementation)
    return built


def _keep_implementation(optimizer: Optimizer, state: dict) -> dict:
    """How a file's training was computed says nothing about how it goes on."""
    pairs = zip(state["param_groups"], optimizer.param_groups, strict=True)
    groups = [{**group, **{key: own[key] for key in IMPLEMENTATION if key in own}} for group, own in pairs]
    return {**state, "param_groups": groups}


def step_unless(optimizer: Optimizer, overflow: Tensor) -> None:
    """One step; where ``overflow`` (float32 scalar on the device) is 1, parameters and state stay as they are.

    An optimizer that is not fused has to wait for the device.
    """
    if not all(group.get("fused") for group in optimizer.param_groups):
        if not overflow:
            optimizer.step()
        return
    _start_momentum(optimizer)
    optimizer.found_inf = overflow
    try:
        optimizer.step()
    finally:
        del optimizer.found_inf


def _start_momentum(optimizer: Optimizer) -> None:
    """Starts SGD's momentum at 0, which gives the same first step.

    torch would leave it uninitialised where the first step is left out, and cannot fuse a step in which only some
    parameters have a momentum yet.
    """
    for group in optimizer.param_groups:
        if group.get("momentum"):
            for parameter in group["params"]:
                if parameter.grad is not None and optimizer.state[parameter].get("momentum_buffer") is None:
                    optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
