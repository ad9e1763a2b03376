"""The density of the target by the labels of a teacher: ours, after depth distribution (Wu & Liu, NeurIPS 2022).

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from torch import Tensor

from mmseg.models.uda.depth_distribution.maps import at_map
from mmseg.models.uda.depth_distribution.supervision import GeometrySupervision
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.options.ranges import NonNegative


@OBJECTIVES.register_module()
class TargetDensity:
    """The density that place and predicted depth of target pixels have for their pseudo-labels; no gradient reaches the decoder.

    Published is the same with the predictions of the network itself, on the pass of the discriminator (:class:`AlignToSource`).

    Args:
        geometry: with mixtures.
        teacher: labels the target.
        start: first iteration.
    """

    def __init__(self, *, geometry: GeometrySupervision, teacher: Teacher, start: NonNegative[int] = 0) -> None:
        self.geometry, self.teacher, self.start = geometry, teacher, start

    def __call__(self, step: StepContext) -> Tensor:
        image = step.target_image
        pseudo = step.pseudo_labels(self.teacher)
        step.streams.seed_global("density/network")
        geometry = step.student.geometry(image)
        size = geometry.depth.shape[2:]
        return self.geometry.target(step, geometry, at_map(pseudo.labels, size), at_map(pseudo.weights, size) > 0)
