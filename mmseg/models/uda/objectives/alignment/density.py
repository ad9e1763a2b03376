"""The density of the target in a training without a discriminator: ours, after depth distribution (Wu & Liu, NeurIPS 2022).

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from torch import Tensor

from mmseg.models.uda.depth_distribution.maps import at_map
from mmseg.models.uda.depth_distribution.supervision import GeometrySupervision, predicted_classes
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative


@OBJECTIVES.register_module()
class TargetDensity:
    """How likely place and predicted depth of target pixels are for their classes, which no gradient reaches.

    The classes are those of pseudo-labels, where a teacher gives some: then no pass through the decoder is needed. Without a teacher they
    are what the network itself predicts, as published, where it is on the pass of the discriminator (:class:`AlignToSource`).

    Args:
        geometry: with mixtures.
        teacher: labels the target, or None.
        start: first iteration.

    Raises:
        UserError: there are no mixtures.
    """

    def __init__(self, *, geometry: GeometrySupervision, teacher: Teacher | None = None, start: NonNegative[int] = 0) -> None:
        if geometry.mixtures is None:
            raise UserError("TargetDensity needs mixtures, which uda.depth does not name. Give uda.depth.mixtures='FILE.npz'.")
        self.geometry, self.teacher, self.start = geometry, teacher, start

    def __call__(self, step: StepContext) -> Tensor:
        image = step.target_image
        if self.teacher is None:
            output = step.forward(image, "density")
            step.record(target_image=image)
            return self.geometry.target(step, output.geometry, predicted_classes(output))
        pseudo = step.pseudo_labels(self.teacher)
        step.streams.seed_global("density/network")
        geometry = step.student.geometry(image)
        size = geometry.depth.shape[2:]
        return self.geometry.target(step, geometry, at_map(pseudo.labels, size), at_map(pseudo.weights, size) > 0)
