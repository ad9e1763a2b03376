"""Colour jitter and Gaussian blur of normalised batches, with the published semantics.

The draws are values (:class:`AugmentParameters`), the operations pure functions on tensors.
Semantics of the published training: brightness is added, contrast is a gain, hue turns by a share of the
circle, every result is clamped to [0, 1]; blur acts on the normalised image with a reflected border.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class JitterParameters:
    """Colour jitter of one image.

    Attributes:
        brightness, contrast, saturation: factors around 1.
        hue: in turns, around 0.
        order: the four operations in their order; 0 brightness, 1 contrast, 2 saturation, 3 hue.
    """

    brightness: float
    contrast: float
    saturation: float
    hue: float
    order: tuple[int, int, int, int]


@dataclass(frozen=True)
class AugmentParameters:
    """What was drawn for a batch; None where the coin said no.

    Attributes:
        jitter: one entry per image.
        sigmas: standard deviation of the blur per image, in pixels.
    """

    jitter: tuple[JitterParameters, ...] | None
    sigmas: tuple[float, ...] | None


def draw_jitter(rng: np.random.Generator, strength: float) -> JitterParameters:
    """Factors uniform in [1 - strength, 1 + strength], hue uniform in [-strength, strength], a random order."""
    brightness, contrast, saturation = rng.uniform(1 - strength, 1 + strength, 3).tolist()
    return JitterParameters(brightness, contrast, saturation, rng.uniform(-strength, strength), tuple(rng.permutation(4).tolist()))


def rgb_to_hsv(image: Tensor) -> Tensor:
    """[B, 3, H, W] RGB in [0, 1] -> hue in turns [0, 1), saturation and value in [0, 1].

    The formula of kornia's ``rgb_to_hsv`` (Riba et al., WACV 2020; Apache-2.0), which the published training calls: the
    brightest channel chooses among three differences, and the saturation of black has 1e-6 in its divisor.
    """
    value, brightest = image.max(dim=1)
    spread = value - image.amin(dim=1)
    red, green, blue = image.unbind(dim=1)
    divisor = torch.where(spread == 0, 1.0, spread)
    sextants = torch.stack([(green - blue) / divisor, 2 + (blue - red) / divisor, 4 + (red - green) / divisor], dim=1)
    hue = sextants.gather(1, brightest.unsqueeze(1)).squeeze(1) / 6 % 1.0
    return torch.stack([hue, spread / (value + 1e-6), value], dim=1)


def hsv_to_rgb(image: Tensor) -> Tensor:
    """Inverse of :func:`rgb_to_hsv` (Smith, 1978, written without branches)."""
    hue, saturation, value = image.unsqueeze(2).unbind(dim=1)
    offset = torch.arange(5.0, 0.0, -2.0, device=image.device).view(1, 3, 1, 1)  # 5, 3, 1, made on the device
    sextant = (offset + hue * 6) % 6
    return value - value * saturation * torch.minimum(sextant, 4 - sextant).clamp(0, 1)


def adjust_brightness(image: Tensor, factor: float) -> Tensor:
    """Adds ``factor - 1``; image in [0, 1]."""
    return (image + (factor - 1)).clamp(0, 1)


def adjust_contrast(image: Tensor, factor: float) -> Tensor:
    """Multiplies by ``factor`` (a gain, not a stretch around the mean); image in [0, 1]."""
    return (image * factor).clamp(0, 1)


def adjust_saturation(image: Tensor, factor: float) -> Tensor:
    """Multiplies the saturation of [B, 3, H, W] in [0, 1] by ``factor``."""
    hue, saturation, value = rgb_to_hsv(image).unbind(dim=1)
    return hsv_to_rgb(torch.stack([hue, (saturation * factor).clamp(0, 1), value], dim=1))


def adjust_hue(image: Tensor, turns: float) -> Tensor:
    """Turns the hue of [B, 3, H, W] in [0, 1] by ``turns``."""
    hue, saturation, value = rgb_to_hsv(image).unbind(dim=1)
    return hsv_to_rgb(torch.stack([(hue + turns) % 1.0, saturation, value], dim=1))


def color_jitter(image: Tensor, parameters: JitterParameters) -> Tensor:
    """Applies the four operations in their drawn order to [B, 3, H, W] in [0, 1]."""
    operations = (
        (adjust_brightness, parameters.brightness),
        (adjust_contrast, parameters.contrast),
        (adjust_saturation, parameters.saturation),
        (adjust_hue, parameters.hue),
    )
    for index in parameters.order:
        operation, factor = operations[index]
        image = operation(image, factor)
    return image


def blur_kernel_size(side: int) -> int:
    """A tenth of the side, rounded up; one less where that is even, because a kernel has a pixel in its middle."""
    tenth = math.ceil(0.1 * side)
    return tenth if tenth % 2 == 1 else tenth - 1


def gaussian_kernel(size: int, sigma: float) -> list[float]:
    """``size`` weights that sum to 1."""
    weights = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    return (weights / weights.sum()).tolist()


def weighted_shifts(image: Tensor, weights: Sequence[float], dim: int) -> Tensor:
    """Correlates one dimension with N weights, without padding: N - 1 less of it is left.

    Sums of shifted images: on the CPU several times faster than a convolution with a group for each of three channels.
    """
    size = image.shape[dim] - len(weights) + 1
    total = image.narrow(dim, 0, size) * weights[0]
    for offset, weight in enumerate(weights[1:], start=1):
        total.add_(image.narrow(dim, offset, size), alpha=weight)
    return total


def gaussian_blur(image: Tensor, sigma: float, kernel_size: tuple[int, int] | None = None) -> Tensor:
    """Separable Gaussian blur of [B, 3, H, W] with a reflected border.

    Args:
        image: any range.
        sigma: standard deviation in pixels.
        kernel_size: (vertical, horizontal), odd; by default about a tenth of each side. Taps beyond
            6 sigma round to nothing in float32 and are left out.
    """
    rows, columns = kernel_size or (blur_kernel_size(image.shape[-2]), blur_kernel_size(image.shape[-1]))
    reach = 2 * math.ceil(6 * sigma) + 1
    rows, columns = min(rows, reach), min(columns, reach)
    padded = F.pad(image, (columns // 2, columns // 2, rows // 2, rows // 2), mode="reflect")
    return weighted_shifts(weighted_shifts(padded, gaussian_kernel(rows, sigma), 2), gaussian_kernel(columns, sigma), 3)


class StrongAugment:
    """Jitter and blur of a normalised batch; one coin each per batch, parameters per image.

    Args:
        mean, std: normalisation of the batch, RGB grey levels.
        jitter_strength: see :func:`draw_jitter`.
        jitter_probability: p; the published code jitters when its coin *exceeds* p, so 0.2 jitters 80 % of the batches.
        blur: whether half of the batches are blurred, with sigma uniform in [0.15, 1.15].
    """

    def __init__(
        self, *, mean: Sequence[float], std: Sequence[float], jitter_strength: float, jitter_probability: float, blur: bool
    ) -> None:
        self.mean, self.std = (torch.tensor(values).view(3, 1, 1) / 255 for values in (mean, std))
        self.jitter_strength, self.jitter_probability, self.blur = jitter_strength, jitter_probability, blur

    def __call__(self, image: Tensor, rng: np.random.Generator) -> Tensor:
        """[B, 3, H, W] normalised -> the same, augmented."""
        return self.apply(image, self.draw(rng, len(image)))

    def draw(self, rng: np.random.Generator, count: int) -> AugmentParameters:
        """Draws the coins, then the parameters of ``count`` images."""
        jitters, blurs = rng.random() > self.jitter_probability, rng.random() > 0.5
        jitter = tuple(draw_jitter(rng, self.jitter_strength) for _ in range(count))
        sigmas = tuple(rng.uniform(0.15, 1.15, count).tolist())
        return AugmentParameters(jitter if jitters else None, sigmas if blurs and self.blur else None)

    def apply(self, image: Tensor, parameters: AugmentParameters) -> Tensor:
        """Applies drawn parameters, jitter before blur."""
        if parameters.jitter is not None:
            mean, std = (values.to(image.device, non_blocking=True) for values in (self.mean, self.std))
            colors = (image * std + mean).split(1)
            jittered = [color_jitter(color, single) for color, single in zip(colors, parameters.jitter, strict=True)]
            image = (torch.cat(jittered) - mean) / std
        if parameters.sigmas is not None:
            image = torch.cat([gaussian_blur(single, sigma) for single, sigma in zip(image.split(1), parameters.sigmas, strict=True)])
        return image
