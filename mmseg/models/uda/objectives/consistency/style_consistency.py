"""Predictions must not depend on the style of an image (SHADE, Zhao et al., ECCV 2022, section 3.2)."""

from __future__ import annotations

from torch import Tensor

from mmseg.models.losses.consistency.style_consistency import style_consistency
from mmseg.models.uda.step import StepContext
from mmseg.structures import SegOutput
from mmseg.utils.errors import UserError


class StyleConsistency:
    """λ times the divergence between the predictions of every image in its own and in another style.

    The logits are those at the decoder's stride, and of HRDA the fused ones.

    Args:
        weight: λ; 10 in HRDA's extension.
    """

    def __init__(self, *, weight: float) -> None:
        self.weight = weight

    def __call__(self, step: StepContext, output: SegOutput) -> Tensor:
        """The loss of a student pass.

        Raises:
            UserError: its encoder makes no other style.
        """
        if output.styles != 2:
            fix = "Set model.backbone.style_hallucination_cfg=dict(), or uda.style_consistency_lambda=0"
            raise UserError(f"uda.style_consistency_lambda={self.weight} compares two styles, but the encoder shows one. {fix}.")
        return step.log({"style.loss_style_consistency": self.weight * style_consistency(output.logits)})
