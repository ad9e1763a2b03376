"""The mean teacher (Tarvainen and Valpola, 2017) as HRDA uses it (DAFormer, section 3.2)."""

from __future__ import annotations

import torch
from timm.layers import DropPath
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels, label_target
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError


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
    torch._foreach_lerp_(old, new, 1 - decay)


def freeze(network: nn.Module) -> nn.Module:
    """Excludes a network from training."""
    return network.requires_grad_(False)


def teacher_mode(teacher: nn.Module) -> None:
    """Train mode without dropout: BatchNorm normalises with the statistics of the target batch (published quirk)."""
    teacher.train()
    for module in teacher.modules():
        if isinstance(module, (_DropoutNd, DropPath)):
            module.eval()


class Teacher:
    """How one EMA network follows the student and labels the target. The method that owns it keeps the network.

    Args:
        network: a segmentor; gets frozen.
        alpha: largest share of the old teacher in an update; 0 keeps it a copy of the student.
        threshold: confidence from which a pseudo-label counts as sure; None trusts all of them.
        ignore_top, ignore_bottom: rows of a target crop without weight.

    Attributes:
        restored: whether the network comes from a checkpoint. It is past its warm-up then, whose first step
            would copy the student over it.
    """

    def __init__(self, *, network: nn.Module, alpha: float, threshold: float | None, ignore_top: int = 0, ignore_bottom: int = 0) -> None:
        self.network = freeze(network)
        self.restored = False
        self.alpha, self.threshold = alpha, threshold
        self.ignore_top, self.ignore_bottom = ignore_top, ignore_bottom

    def update(self, student: nn.Module, iteration: int) -> None:
        """Moves the network towards the student, at the start of ``iteration`` (from 0, which copies unless restored)."""
        ema_update(self.network, student, self.alpha if self.restored else ema_decay(iteration, self.alpha))

    @torch.no_grad()
    def label(self, batch: UDABatch) -> PseudoLabels:
        """Pseudo-labels of the target crops.

        Raises:
            UserError: the batch and this teacher both ignore margins.
        """
        if batch.target_valid is not None and (self.ignore_top or self.ignore_bottom):
            raise UserError(
                "pseudo_weight_ignore_top/bottom and crop_pseudo_margins ignore the same margins twice. Set one of the two to 0 or None."
            )
        rows = {"ignore_top": self.ignore_top, "ignore_bottom": self.ignore_bottom}
        return label_target(self.network.encode_decode(batch.target_image), batch.target_valid, threshold=self.threshold, **rows)
