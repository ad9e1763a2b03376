"""The student's encoder imitates the features of a frozen one (VFM-UDA++, Englert et al., arXiv 2503.10685).

Unlike the feature distance of DAFormer (:mod:`mmseg.models.uda.objectives.feature_distance`): on both domains, of every place and class,
and of an encoder that may be another one, behind a trained projector.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from mmseg.models.losses.features.feature_distillation import feature_distillation
from mmseg.models.uda.augmentation.image_jitter import ImageJitter
from mmseg.models.uda.feature_reference import FeatureReference
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.options.ranges import NonNegative


@OBJECTIVES.register_module()
class FeatureDistillation:
    """λ times :func:`feature_distillation` of the encoder's last level on the crops of one domain; a pass of the encoder alone.

    Args:
        reference: the frozen encoder and the projector.
        domain: 'source' or 'target'.
        weight: λ.
        weak_augment: jitter of the crops that the student sees, or None; the reference sees them without.
        start: first iteration.
    """

    def __init__(
        self,
        *,
        reference: FeatureReference,
        domain: Literal["source", "target"],
        weight: NonNegative[float] = 0.1,
        weak_augment: ImageJitter | None = None,
        start: NonNegative[int] = 0,
    ) -> None:
        self.reference, self.domain, self.weight, self.weak_augment, self.start = reference, domain, weight, weak_augment, start
        self.source_alone = domain == "source"

    def __call__(self, step: StepContext) -> Tensor:
        image, name = step.batch.source_image if self.domain == "source" else step.target_image, f"distilled_{self.domain}"
        seen = image if self.weak_augment is None else self.weak_augment(image, step.streams.numpy(f"{name}/augment"))
        step.streams.seed_global(f"{name}/network")
        features = step.student.extract_features(step.student.feature_image(seen))[-1]
        reference = self.reference.features(image)
        loss = feature_distillation(self.reference.project(features, reference), reference)
        return step.log({"loss_features": self.weight * loss}, f"{name}.")
