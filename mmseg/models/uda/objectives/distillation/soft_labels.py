"""What a frozen teacher says about the target, pixel by pixel and class by class (Hinton et al., arXiv 1503.02531).

Teacher and student see the same crop, as jitter and crops that only one of them sees make worse students (Beyer et al., "A good teacher is
patient and consistent", CVPR 2022, section 3).

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from mmseg.models.losses.distillation import divergence
from mmseg.models.uda.pseudo_labels.frozen_teacher import FrozenTeacher
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.options.ranges import NonNegative, Positive


@OBJECTIVES.register_module()
class SoftLabelSupervision:
    """Weight times the divergence of the student's prediction of target crops from the teacher's.

    Pixels in the margins of the target (``crop_pseudo_margins``, ``target_margins``) do not count.

    Args:
        taught_by: the teacher of the method, asked for in each step.
        temperature: T of :func:`divergence`.
        weight: of the term.
        start: first iteration.
    """

    def __init__(
        self,
        *,
        taught_by: Callable[[], FrozenTeacher],
        temperature: Positive[float] = 1.0,
        weight: NonNegative[float] = 1.0,
        start: NonNegative[int] = 0,
    ) -> None:
        self.taught_by, self.temperature, self.weight, self.start = taught_by, temperature, weight, start

    def __call__(self, step: StepContext) -> Tensor:
        image, valid = step.target_image, step.batch.target_valid
        given = self.taught_by().logits(image)
        own = step.student.enlarge(step.student.select_branch(step.forward(image, "target")), image.shape[2:])
        loss = divergence(own, given, temperature=self.temperature, weight=valid)
        labels = given.argmax(dim=1)
        weights = labels.new_ones(labels.shape) if valid is None else valid
        step.record(target_image=image, pseudo_label=labels, pseudo_weight=weights.float())
        step.log({"agreement": 100 * (own.detach().argmax(dim=1) == labels).float().mean()}, "target.")
        return step.log({"loss_distillation": self.weight * loss}, "target.")
