"""Weights from the teacher's confidence (DACS; DAFormer, section 3.2)."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, PseudoLabels, TargetContext
from mmseg.registry import LABELING_STAGES
from mmseg.utils.options.ranges import Share


def confident_share(confidence: Tensor, threshold: float) -> Tensor:
    """Scalar share of the pixels whose confidence [B, H, W] reaches ``threshold``."""
    return (confidence >= threshold).float().mean()


@LABELING_STAGES.register_module()
class ConfidenceShare(LabelingStage):
    """Weighs all pixels by one number for the whole batch: the share of them of which the teacher is sure.

    Args:
        threshold: confidence τ in [0, 1] from which a pixel counts as sure; 0.968 as published.
    """

    def __init__(self, *, threshold: Share) -> None:
        self.threshold = threshold

    def on_labels(self, pseudo: PseudoLabels, target: TargetContext) -> PseudoLabels:
        """Multiplies the weights by the share."""
        share = confident_share(pseudo.confidence, self.threshold)
        return replace(pseudo, weights=pseudo.weights * share, confident_share=share)
