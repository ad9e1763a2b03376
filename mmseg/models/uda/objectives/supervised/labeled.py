"""Supervision on the few labelled images of the target: semi-supervised domain adaptation.

As in Englert, Kerssies and Dubbelman (CVPR workshops 2025, section on few labels): one labelled target crop for each source crop, and both
cross entropies with the weight 1.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmseg.models.uda.objectives.supervised.source import weight_by_class
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.options.ranges import NonNegative


@OBJECTIVES.register_module()
class LabeledSupervision:
    """Cross entropy on labelled target crops; nothing at all where the training data have none.

    It comes before the other terms of a method: a step whose data have no labelled target images has to end with a pass over the student.

    Args:
        weight: of the cross entropy.
        class_weight: K weights of the classes, as of the source; None weighs all alike.
        start: first iteration.
    """

    source_alone = True
    learns_from_labeled = True

    def __init__(
        self,
        *,
        weight: NonNegative[float] = 1.0,
        class_weight: Sequence[NonNegative[float]] | None = None,
        start: NonNegative[int] = 0,
    ) -> None:
        self.weight, self.class_weight, self.start = weight, class_weight, start

    def __call__(self, step: StepContext) -> Tensor:
        image, label = step.batch.labeled_image, step.batch.labeled_label
        if image is None:
            return step.batch.source_image.new_zeros((), requires_grad=True)
        weight = None if self.class_weight is None else weight_by_class(label, self.class_weight)
        losses = step.student_loss(step.forward(image, "labeled"), label, weight)
        step.record(labeled_image=image, labeled_label=label)
        return step.log({name: self.weight * value if "loss" in name else value for name, value in losses.items()}, "labeled.")
