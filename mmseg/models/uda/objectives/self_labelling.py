"""Prototypes that learn balanced assignments of target pixels (CPSL, Li et al., CVPR 2022, section 3.3)."""

from __future__ import annotations

from torch import Tensor

from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative


@OBJECTIVES.register_module()
class SelfLabelling:
    """Weight times the cross entropy between prototypes and assignments, of the teacher's features and of its predictions.

    It needs no pass of the student, and reaches the prototypes alone.

    Args:
        teacher: its decoder's maps are sampled; it has prototypes, or a stage ``PrototypeRectification`` with some.
        weight: λ; published: 0.1.
        start: first iteration; that of the stage where it is later.

    Raises:
        UserError: no prototypes of the teacher learn.
    """

    def __init__(self, *, teacher: Teacher, weight: NonNegative[float] = 0.1, start: NonNegative[int] = 0) -> None:
        owners = [owner for owner in (teacher, *teacher.stages) if getattr(owner, "labeller", None) is not None]
        if not owners:
            fix = "Add dict(type='PrototypeRectification', self_labelling=dict()) to uda.labeling"
            raise UserError(f"SelfLabelling trains prototypes, and the teacher's stages have none that learn. {fix}.")
        self.teacher, self.owner, self.weight = teacher, owners[0], weight
        self.start = max(start, getattr(self.owner, "start", 0))

    def __call__(self, step: StepContext) -> Tensor:
        maps = step.pseudo_labels(self.teacher).maps
        losses = self.owner.labeller(self.owner.prototypes, maps, step.streams.torch("self_labelling/pixels"))
        return step.log({name: self.weight * loss for name, loss in losses.items()}, "self_labelling.")
