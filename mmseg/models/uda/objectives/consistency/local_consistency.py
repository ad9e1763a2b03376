"""Predictions agree with their neighbours at the boundaries of classes (RIPU, Xie et al., CVPR 2022, section 3.3)."""

from __future__ import annotations

from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.consistency.local_consistency import local_consistency
from mmseg.models.uda.step import StepContext
from mmseg.structures import SegOutput


class LocalConsistency:
    """α times the discrepancy between predictions and the means of their neighbourhoods, on logits at the size of the labels.

    The logits are those of all views together (the fused ones of HRDA).

    Args:
        weight: α; 0.1 as published.
    """

    def __init__(self, *, weight: float) -> None:
        self.weight = weight

    def __call__(self, step: StepContext, output: SegOutput, label: Tensor) -> Tensor:
        """The loss of a student pass with labels [B, H, W]."""
        logits = resize(output.logits, label.shape[1:], output.align_corners)
        loss = self.weight * local_consistency(logits, output.per_style(label))
        return step.log({"local.loss_local_consistency": loss})
