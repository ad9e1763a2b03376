"""Colour jitter and blur with a coin for every image, as foundation-model adaptation augments (VFM-UDA, VFM-UDA++).

The colour operations are torchvision's: factors scale brightness, stretch contrast around the mean grey, and blend with grey. Those of
the trainings that DAFormer and HRDA are published with are others: :mod:`mmseg.models.uda.augmentation.augment`.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmseg.datasets.transforms import Jitter, check_jitter, draw_jitter, jittered
from mmseg.models.uda.augmentation.augment import gaussian_blur
from mmseg.utils.options.ranges import Four, NonNegative, Pair, Positive, Share, Three

GREY = Jitter((("saturation", 0.0),))
"""Takes the colours away."""


@dataclass(frozen=True)
class ImageDraw:
    """What was drawn for one image.

    Attributes:
        jitter: of its colours; None for none.
        grey: whether its colours are taken away.
        sigma: standard deviation of the blur in pixels; None for none.
    """

    jitter: Jitter | None
    grey: bool
    sigma: float | None


class ImageJitter:
    """Jitter, grey and blur of normalised crops, in this order; three coins per image.

    Args:
        mean, std: normalisation of the crops, RGB grey levels.
        color_jitter: strengths of brightness, contrast, saturation and hue, see :func:`~mmseg.datasets.transforms.draw_jitter`.
        jitter_probability: share of the images that are jittered.
        grey_probability: share of the images that lose their colours.
        blur_probability: share of the images that are blurred, with a kernel of about a tenth of the side.
        sigma: smallest and largest standard deviation of the blur, pixels.

    Raises:
        UserError: a hue beyond half of the circle.
    """

    def __init__(
        self,
        *,
        mean: Three[float],
        std: Three[float],
        color_jitter: Four[NonNegative[float]],
        jitter_probability: Share,
        grey_probability: Share = 0.0,
        blur_probability: Share = 0.0,
        sigma: Pair[Positive[float]] = (0.15, 1.15),
    ) -> None:
        check_jitter(color_jitter)
        self.mean, self.std = (torch.tensor(values).view(3, 1, 1) / 255 for values in (mean, std))
        self.color_jitter, self.sigma = tuple(color_jitter), tuple(sigma)
        self.jitter_probability, self.grey_probability, self.blur_probability = jitter_probability, grey_probability, blur_probability

    def __call__(self, image: Tensor, rng: np.random.Generator) -> Tensor:
        """[B, 3, H, W] normalised -> the same, augmented."""
        return self.apply(image, [self.draw(rng) for _ in range(len(image))])

    def draw(self, rng: np.random.Generator) -> ImageDraw:
        """What happens to one image; as many numbers are drawn whatever the coins say."""
        jitters, grey, blurs = (rng.random(3) < (self.jitter_probability, self.grey_probability, self.blur_probability)).tolist()
        jitter, sigma = draw_jitter(rng, self.color_jitter), float(rng.uniform(*self.sigma))
        return ImageDraw(jitter if jitters else None, grey, sigma if blurs else None)

    def apply(self, image: Tensor, draws: Sequence[ImageDraw]) -> Tensor:
        """Applies what was drawn for each image."""
        mean, std = (values.to(image.device, non_blocking=True) for values in (self.mean, self.std))
        return torch.cat([_augmented(single, one, mean, std) for single, one in zip(image.split(1), draws, strict=True)])


def _augmented(image: Tensor, draw: ImageDraw, mean: Tensor, std: Tensor) -> Tensor:
    """One image [1, 3, H, W]; the jitter works on colours in [0, 1]."""
    if draw.jitter or draw.grey:
        color = (image * std + mean).clamp(0, 1)
        for jitter in (draw.jitter, GREY if draw.grey else None):
            color = color if jitter is None else jittered(color, jitter)
        image = (color - mean) / std
    if draw.sigma is not None:
        image = gaussian_blur(image, draw.sigma)
    return image
