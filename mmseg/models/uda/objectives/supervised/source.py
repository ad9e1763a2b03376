"""Supervision on the labelled source domain.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmseg.models.uda.augmentation.image_jitter import ImageJitter
from mmseg.models.uda.depth_distribution.supervision import GeometrySupervision
from mmseg.models.uda.objectives.consistency.local_consistency import LocalConsistency
from mmseg.models.uda.objectives.consistency.style_consistency import StyleConsistency
from mmseg.models.uda.objectives.feature_distance import FeatureDistance
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.structures.batches import LABELS
from mmseg.utils.options.ranges import NonNegative


def weight_by_class(label: Tensor, class_weight: Sequence[float]) -> Tensor:
    """The weight of every pixel's class, 0 where ignored: [B, H, W] int64 -> [B, H, W] float32."""
    table = torch.zeros(LABELS)
    table[: len(class_weight)] = torch.tensor(class_weight)
    return table.to(label.device, non_blocking=True)[label]


@OBJECTIVES.register_module()
class SourceSupervision:
    """Cross entropy on source crops, and on the same pass the feature distance and what predictions have to agree with.

    Args:
        class_weight: K weights of the classes in this loss; None (as published) weighs all alike. A short
            schedule needs them for rare classes to appear at all; on pseudo-labels they do harm.
        feature_distance: the distance to ImageNet features, or None.
        style_consistency: how far predictions of two styles of an image differ, or None.
        local_consistency: how far predictions at boundaries differ from their neighbourhood, or None.
        geometry: depth and density of the source, or None.
        weak_augment: jitter of the source crops, or None.
    """

    start = 0
    source_alone = True

    def __init__(
        self,
        *,
        class_weight: Sequence[NonNegative[float]] | None = None,
        feature_distance: FeatureDistance | None = None,
        style_consistency: StyleConsistency | None = None,
        local_consistency: LocalConsistency | None = None,
        geometry: GeometrySupervision | None = None,
        weak_augment: ImageJitter | None = None,
    ) -> None:
        self.class_weight, self.local_consistency, self.geometry = class_weight, local_consistency, geometry
        self.feature_distance, self.style_consistency = feature_distance, style_consistency
        self.weak_augment = weak_augment

    def __call__(self, step: StepContext) -> Tensor:
        image, label = step.batch.source_image, step.batch.source_label
        if self.weak_augment is not None:
            image = self.weak_augment(image, step.streams.numpy("source/augment"))
        weight = None if self.class_weight is None else weight_by_class(label, self.class_weight)
        output = step.forward(image, "source")
        loss = step.log(step.student_loss(output, label, weight))
        if self.feature_distance is not None:
            loss = loss + self.feature_distance(step, output, label)
        if self.style_consistency is not None:
            loss = loss + self.style_consistency(step, output)
        if self.local_consistency is not None:
            loss = loss + self.local_consistency(step, output, label)
        if self.geometry is not None:
            loss = loss + self.geometry.source(step, output, label)
        step.record(source_image=image, source_label=label)
        return loss
