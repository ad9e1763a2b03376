"""Confident predictions on the target: entropy minimisation (MinEnt of ADVENT, Vu et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mmseg.models.losses.entropy import entropy_loss
from mmseg.models.uda.pseudo_labels.prediction import Prediction, level_weights
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.options.ranges import NonNegative


@OBJECTIVES.register_module()
class MinimizeEntropy:
    """λ times the entropy of the student's target predictions.

    Args:
        weights: λ of the level 'main', and of 'aux' where the network has an auxiliary head.
    """

    start = 0

    def __init__(self, *, weights: Mapping[str, NonNegative[float]]) -> None:
        self.weights = level_weights("MinimizeEntropy: weights", weights)

    def __call__(self, step: StepContext) -> Tensor:
        image = step.target_image
        probabilities = Prediction.of(step.forward(image, "target")).probabilities()
        levels = [level for level in probabilities if level in self.weights]
        step.record(target_image=image)
        return step.log({f"loss.{level}": self.weights[level] * entropy_loss(probabilities[level]) for level in levels}, "ent.")
