"""CoTTA: a mean teacher whose labels are averaged where the source is unsure, and weights that fall back.

Source: Wang et al., "Continual Test-Time Domain Adaptation", CVPR 2022, section 3.
Of the paper are the three parts, a student of which all weights move, and the decay of the teacher, 0.999.
Of the released code for CIFAR is the threshold, 0.9; the code and the supplement for segmentation were not seen. Ours are the learning
rate, the share of weights that is restored, and that an image is predicted by one look of the teacher, before it learns from the image,
where the paper's prediction is the averaged label.

Letters: B images, K classes, (H, W) image.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.test_time.base import LEARNING_RATE, OnlineLearner
from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.objectives.distillation.soft_labels import SoftLabelSupervision
from mmseg.models.uda.pseudo_labels.teacher import ema_update
from mmseg.registry import TEST_TIME_METHODS
from mmseg.utils.errors import SmallImageError
from mmseg.utils.options.ranges import NonNegative, Positive, Share
from mmseg.utils.randomness import Streams

RATIOS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
"""Sizes of the augmented looks over that of the image; each is taken of the mirror image as well."""


@torch.no_grad()
def averaged_probabilities(model: nn.Module, image: Tensor) -> Tensor:
    """Mean of the class probabilities over :data:`RATIOS` and mirror images: [B, 3, H, W] -> [B, K, H, W].

    Sizes that are too small for the network are left out.
    """
    size, looks, total = image.shape[2:], 0, 0
    for ratio in RATIOS:
        seen = image if ratio == 1 else resize(image, [round(side * ratio) for side in size])
        try:
            straight, mirrored = (model.enlarge(model.inference(look), size).softmax(dim=1) for look in (seen, seen.flip(3)))
        except SmallImageError:
            continue
        total, looks = total + straight + mirrored.flip(3), looks + 2
    return total / looks


@torch.no_grad()
def mean_confidence(model: nn.Module, image: Tensor) -> float:
    """Mean over the pixels of the probability of the likeliest class."""
    return float(model.inference(image).softmax(dim=1).max(dim=1).values.mean())


class AveragingTeacher:
    """Says what it sees, averaged over many looks where the source is unsure.

    Args:
        model: the teacher.
        anchor: the network of the source.
        threshold: mean confidence of the source below which the looks are averaged.
    """

    def __init__(self, model: nn.Module, anchor: nn.Module, threshold: float) -> None:
        self.model, self.anchor, self.threshold = model, anchor, threshold

    @torch.no_grad()
    def logits(self, image: Tensor) -> Tensor:
        """Logits [B, K, H, W] of images [B, 3, H, W]; of averaged probabilities their logarithm."""
        if mean_confidence(self.anchor, image) < self.threshold:
            return averaged_probabilities(self.model, image).clamp(min=1e-12).log()
        return self.model.enlarge(self.model.inference(image), image.shape[2:])


@torch.no_grad()
def restore_weights(parameters: list[nn.Parameter], source: list[Tensor], probability: float, streams: Streams) -> None:
    """Sets single weights back, each with the same probability: stochastic restoration."""
    device = parameters[0].device
    generator = streams.torch("cotta/restore", device)
    for parameter, before in zip(parameters, source, strict=True):
        back = torch.rand(parameter.shape, generator=generator, device=device) < probability
        parameter.copy_(torch.where(back, before, parameter))


@TEST_TIME_METHODS.register_module(name="cotta")
class CoTTA(OnlineLearner):
    """A student learns what a teacher says, which follows it and predicts.

    Args:
        network, seed: see :class:`OnlineAdaptation`; the network becomes the teacher.
        lr: learning rate of Adam.
        alpha: share of the old teacher in an update.
        restore: probability of a weight of the student to be set back to the source, after each image.
        threshold: mean confidence of the source in an image below which the teacher averages its looks.
    """

    def __init__(
        self,
        *,
        network: UDAMethod,
        seed: NonNegative[int] = 0,
        lr: Positive[float] = LEARNING_RATE,
        alpha: Share = 0.999,
        restore: Share = 0.01,
        threshold: Share = 0.9,
    ) -> None:
        super().__init__(network=network, seed=seed, lr=lr)
        self.alpha, self.restore, self.threshold = alpha, restore, threshold

    def begin(self) -> None:
        self.student, anchor = copy.deepcopy(self.model), copy.deepcopy(self.model)
        super().begin()
        teacher, self.before = AveragingTeacher(self.model, anchor, self.threshold), self.trained(anchor)
        self.objective = SoftLabelSupervision(taught_by=lambda: teacher)

    def learn(self, image: Tensor, index: int) -> None:
        """Student, teacher, and back."""
        step = self.step(image, index)
        self.descend(self.objective(step))
        ema_update(self.model, self.student, self.alpha)
        restore_weights(self.parameters, self.before, self.restore, step.streams)
