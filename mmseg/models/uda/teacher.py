"""The mean teacher (Tarvainen and Valpola, 2017) as HRDA uses it (DAFormer, section 3.2)."""

from __future__ import annotations

import torch
from timm.layers import DropPath
from torch import nn
from torch.nn.modules.dropout import _DropoutNd


def ema_decay(iteration: int, alpha: float) -> float:
    """Share of the old teacher kept at ``iteration`` (from 0): min(1 - 1 / (iteration + 1), alpha); 0 at the start."""
    return min(1 - 1 / (iteration + 1), alpha)


@torch.no_grad()
def ema_update(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """teacher = decay * teacher + (1 - decay) * student, over parameters only.

    Buffers are left alone, as in the published code: the teacher's BatchNorm statistics come from its
    own passes over target images.
    """
    old, new = list(teacher.parameters()), list(student.parameters())
    if decay == 0:  # a copy stays exact where 0 * infinity would not
        torch._foreach_copy_(old, new)
        return
    torch._foreach_mul_(old, decay)
    torch._foreach_add_(old, new, alpha=1 - decay)


def freeze(network: nn.Module) -> nn.Module:
    """Excludes a network from training."""
    return network.requires_grad_(False)


def teacher_mode(teacher: nn.Module) -> None:
    """Train mode without dropout: BatchNorm normalises with the statistics of the target batch (published quirk)."""
    teacher.train()
    for module in teacher.modules():
        if isinstance(module, (_DropoutNd, DropPath)):
            module.eval()
