"""Alignment of both domains in the space of predictions (AdaptSegNet, Tsai et al., CVPR 2018).

Letters: B images, K classes, (H, W) predictions, (h, w) answers of the discriminator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor, nn
from torch.func import functional_call

from mmseg.models.losses.adversarial import SOURCE, TARGET, domain_loss
from mmseg.models.uda.depth_distribution.supervision import GeometrySupervision, predicted_classes
from mmseg.models.uda.discriminator import Discriminators
from mmseg.models.uda.pseudo_labels.prediction import Prediction, level_weights
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative


def discriminator_of(step: StepContext) -> nn.Module:
    """The discriminator of the method.

    Raises:
        UserError: it has none.
    """
    if not isinstance(step.discriminator, Discriminators):
        text = "AlignToSource and Discriminate need a discriminator of predictions, which this method does not have"
        raise UserError(f"{text}. Use uda.type='AdvSeg'.")
    return step.discriminator


def ask_frozen(discriminator: nn.Module, inputs: Any) -> Any:
    """Answers whose gradients reach what the discriminator looks at and leave the discriminator alone."""
    constants = {name: parameter.detach() for name, parameter in discriminator.named_parameters()}
    return functional_call(discriminator, constants, (inputs,))


@OBJECTIVES.register_module()
class AlignToSource:
    """λ times what it costs that the discriminator does not take target predictions for source ones.

    Args:
        loss: of an answer and a domain, by its name in :data:`DOMAIN_LOSSES`.
        weights: λ of the level 'main', and of 'aux' where the network has an auxiliary head.
        geometry: the density on the same pass, or None.
    """

    start = 0

    def __init__(self, *, loss: str, weights: Mapping[str, NonNegative[float]], geometry: GeometrySupervision | None = None) -> None:
        self.loss, self.geometry = domain_loss(loss, "AlignToSource: loss"), geometry
        self.weights = level_weights("AlignToSource: weights", weights)

    def __call__(self, step: StepContext) -> Tensor:
        image = step.target_image
        discriminator, output = discriminator_of(step), step.forward(image, "target")
        answers = ask_frozen(discriminator, discriminator.looks_at(Prediction.of(output)))
        losses = {f"loss.{level}": self.weights[level] * self.loss(answer, SOURCE) for level, answer in answers.items()}
        step.record(target_image=image)
        loss = step.log(losses, "G_trg.")
        return loss if self.geometry is None else loss + self.geometry.target(step, output.geometry, predicted_classes(output))


@OBJECTIVES.register_module()
class Discriminate:
    """Teaches the discriminator one domain, on the predictions of the student's pass over it.

    Args:
        loss: of an answer and a domain, by its name in :data:`DOMAIN_LOSSES`.
        domain: 'source' or 'target'; an objective before this one has passed over it.
        weight: of the loss; half for each domain, as in AdaptSegNet, or 1, as in the warm-up of CPSL.
    """

    start = 0

    def __init__(self, *, loss: str, domain: Literal["source", "target"], weight: NonNegative[float] = 0.5) -> None:
        self.loss, self.domain, self.weight = domain_loss(loss, "Discriminate: loss"), domain, weight
        self.label, self.prefix = {"source": (SOURCE, "D_src."), "target": (TARGET, "D_trg.")}[domain]

    def __call__(self, step: StepContext) -> Tensor:
        discriminator = discriminator_of(step)
        answers = discriminator(discriminator.looks_at(step.predictions[self.domain]))
        return step.log({f"loss.{level}": self.weight * self.loss(answer, self.label) for level, answer in answers.items()}, self.prefix)
