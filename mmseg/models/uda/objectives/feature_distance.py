"""Keeps the encoder's features of things close to those of ImageNet (DAFormer, section 3.3).

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmseg.models.losses.features.feature_distance import feature_distance, thing_mask
from mmseg.models.uda.step import StepContext
from mmseg.structures import SegOutput


class FeatureDistance:
    """λ times the summed distance over the views that the network offers for it.

    Args:
        weight: λ; 0.005 in the paper.
        classes: train ids of the things it applies to; None compares every cell.
        scale_min_ratio: share of a feature cell that a class must fill to count.
    """

    def __init__(self, *, weight: float, classes: Sequence[int] | None, scale_min_ratio: float) -> None:
        self.weight, self.classes, self.scale_min_ratio = weight, classes, scale_min_ratio

    def __call__(self, step: StepContext, output: SegOutput, label: Tensor) -> Tensor:
        """Distance of the source features of ``output``; ``label`` is [B, H, W].

        A stylised copy is compared with the ImageNet features of its image as it is, so that style does not matter.
        """
        total, cells = label.new_zeros((), dtype=torch.float32), 0
        for view in output.feature_views:
            with torch.no_grad():
                reference = step.imnet.extract_features(view.image)[-1]
            mask = self.mask(view.box.crop(label), reference, step.num_classes)
            reference, mask = output.per_style(reference), output.per_style(mask)
            total = total + feature_distance(view.features[-1], reference, mask)
            cells = cells + mask.sum()
        step.log({"src.feat_dist_cells": cells})
        return step.log({"src.loss_imnet_feat_dist": self.weight * total})

    def mask(self, label: Tensor, features: Tensor, num_classes: int) -> Tensor:
        """Feature cells that take part, bool [B, h, w]."""
        if self.classes is None:
            return features.new_ones(features.shape[0], *features.shape[-2:], dtype=torch.bool)
        return thing_mask(label, features, self.classes, self.scale_min_ratio, num_classes)
