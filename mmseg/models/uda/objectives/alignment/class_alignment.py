"""Alignment of the features of both domains class by class (FADA, Wang et al., ECCV 2020, section 3.2).

Letters: B images, K classes, (H, W) size in which the network saw the crop.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from mmseg.models.losses.class_alignment import SOURCE, TARGET, domain_cross_entropy, soft_labels
from mmseg.models.uda.class_discriminator import ClassDiscriminator
from mmseg.models.uda.objectives.alignment.adversarial import ask_frozen
from mmseg.models.uda.pseudo_labels.prediction import Prediction
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, Share


def class_discriminator_of(step: StepContext) -> ClassDiscriminator:
    """The discriminator of the method.

    Raises:
        UserError: it has none of classes.
    """
    if not isinstance(step.discriminator, ClassDiscriminator):
        text = "AlignClasses and DiscriminateClasses need a discriminator of classes, which this method does not have"
        raise UserError(f"{text}. Use uda.type='FADA'.")
    return step.discriminator


class ClassKnowledge:
    """What both objectives know: the soft labels of a pass, and the cost of an answer about it.

    Args:
        temperature: T of the soft labels; published: 1.8.
        ceiling: their largest value; published: 0.9.
    """

    start = 0

    def __init__(self, *, temperature: Positive[float] = 1.8, ceiling: Share = 0.9) -> None:
        self.temperature, self.ceiling = temperature, ceiling

    def cost(self, answer: Tensor, prediction: Prediction, domain: int) -> Tensor:
        """Mean over all pixels of :func:`domain_cross_entropy`.

        Args:
            answer: of the discriminator, [B, 2 * K, h, w]; is enlarged to (H, W).
            prediction: of the pass that it was asked about.
            domain: that the answer should name.
        """
        soft = soft_labels(prediction.enlarge(prediction.logits["main"]), self.temperature, self.ceiling)
        return domain_cross_entropy(prediction.enlarge(answer), soft, domain).mean()


@OBJECTIVES.register_module()
class AlignClasses(ClassKnowledge):
    """What it costs that the discriminator does not take target features for source features of the same class.

    Args:
        weight: of the loss; published: 0.001.
        shared: see :class:`ClassKnowledge`.
    """

    def __init__(self, *, weight: NonNegative[float] = 0.001, **shared) -> None:
        super().__init__(**shared)
        self.weight = weight

    def __call__(self, step: StepContext) -> Tensor:
        image = step.target_image
        discriminator, prediction = class_discriminator_of(step), Prediction.of(step.forward(image, "target"))
        answer = ask_frozen(discriminator, discriminator.looks_at(prediction))
        step.record(target_image=image)
        return step.log({"loss": self.weight * self.cost(answer, prediction, SOURCE)}, "G_trg.")


@OBJECTIVES.register_module()
class DiscriminateClasses(ClassKnowledge):
    """Teaches the discriminator one domain, on the features of the student's pass over it; half of the loss belongs to each.

    Args:
        domain: 'source' or 'target'; an objective before this one has passed over it.
        shared: see :class:`ClassKnowledge`.
    """

    def __init__(self, *, domain: Literal["source", "target"], **shared) -> None:
        super().__init__(**shared)
        self.domain = domain
        self.label, self.prefix = {"source": (SOURCE, "D_src."), "target": (TARGET, "D_trg.")}[domain]

    def __call__(self, step: StepContext) -> Tensor:
        discriminator, prediction = class_discriminator_of(step), step.predictions[self.domain]
        answer = discriminator(discriminator.looks_at(prediction))
        return step.log({"loss": 0.5 * self.cost(answer, prediction, self.label)}, self.prefix)
