"""What an oracle is asked for: scores of regions and of pixels (RIPU, Xie et al., CVPR 2022), and what the paper compares them with.

The published code has no random, entropy and least confidence picks. Ours: a region's score is the mean of its pixels' scores, and
regions and pixels exclude each other as those of RIPU do. The paper's tables agree with that: regions by entropy and the
ablation "uncertainty only" are one number there (66.2 mIoU on GTA), as are random regions in both (63.8).

Letters: K classes, (H, W) pixels of the image.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Le
from torch import Tensor

from mmseg.models.uda.acquisition import scores
from mmseg.registry import ACQUISITIONS

Radius = Annotated[int, Ge(0), Le(1_000_000)]
"""In pixels. Larger ones, which no image needs, do not fit the numbers that squares are drawn with."""


class RegionAcquisition:
    """Picks square regions that do not overlap.

    Args:
        radius: of a region in pixels; its side is 2 * radius + 1.

    Attributes:
        radius: of what is labelled around a pick.
        exclusion: radius of what is not picked from again around a pick, twice as large.
    """

    def __init__(self, *, radius: Radius = 1) -> None:
        self.radius, self.exclusion = radius, 2 * radius

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        """How much each region is wanted: [K, H, W] -> float32 [H, W] on the CPU, by the pixel in the middle of a region.

        Args:
            logits: of one image, at the resolution at which labels are given.
            rng: generator of a stream of this image and round, for what is drawn.
        """
        raise NotImplementedError


class PixelAcquisition:
    """Picks single pixels at a distance from each other.

    Args:
        radius: of the square around a pick that is not picked from again, in pixels.

    Attributes:
        radius: of what is labelled around a pick: 0, the pixel alone.
        exclusion: the option ``radius``.
    """

    def __init__(self, *, radius: Radius = 32) -> None:
        self.radius, self.exclusion = 0, radius

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        """How much each pixel is wanted: [K, H, W] -> float32 [H, W] on the CPU; see :class:`RegionAcquisition`."""
        raise NotImplementedError


@ACQUISITIONS.register_module()
class RegionImpurity(RegionAcquisition):
    """Regions with many classes and uncertain predictions: RIPU's regions, :func:`~mmseg.models.uda.acquisition.scores.region_score`.

    Args:
        radius: of a region in pixels; its side is 2 * radius + 1.
        normalised_by: what both factors are divided by: 'published' is ln 19 whatever the number of classes, 'classes' is ln K. This
            changes no order.
        factors: 'both', or one of them alone, as in the paper's ablation: 'impurity' or 'uncertainty'.
    """

    def __init__(
        self,
        *,
        radius: Radius = 1,
        normalised_by: Literal["published", "classes"] = "published",
        factors: Literal["both", "impurity", "uncertainty"] = "both",
    ) -> None:
        super().__init__(radius=radius)
        self.normalised_by, self.factors = normalised_by, factors

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        normaliser = scores.PUBLISHED_NORMALISER if self.normalised_by == "published" else math.log(len(logits))
        if self.factors == "both":
            return scores.region_score(logits, radius=self.radius, normaliser=normaliser)
        entropies, prediction = scores.entropy_and_prediction(logits)
        if self.factors == "impurity":
            return scores.impurity(prediction, classes=len(logits), radius=self.radius) / normaliser
        return scores.uncertainty(entropies / normaliser, self.radius)


@ACQUISITIONS.register_module()
class PixelImpurity(PixelAcquisition):
    """Uncertain pixels amid many classes: RIPU's pixels, :func:`~mmseg.models.uda.acquisition.scores.pixel_score`.

    Args:
        radius: of the window whose classes count, and of the square around a pick that is not picked from again, in pixels.
    """

    def __init__(self, *, radius: Radius = 32) -> None:
        super().__init__(radius=radius)

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        return scores.pixel_score(logits, radius=self.exclusion)


@ACQUISITIONS.register_module()
class RegionEntropy(RegionAcquisition):
    """Regions with uncertain predictions, by the mean entropy of their pixels."""

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        return scores.uncertainty(scores.by_pixel(scores.entropy, logits), self.radius)


@ACQUISITIONS.register_module()
class PixelEntropy(PixelAcquisition):
    """Pixels with uncertain predictions, by their entropy."""

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        return scores.by_pixel(scores.entropy, logits)


@ACQUISITIONS.register_module()
class RegionLeastConfidence(RegionAcquisition):
    """Regions with predictions of low confidence, by the mean of 1 - max p."""

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        return scores.uncertainty(scores.by_pixel(scores.least_confidence, logits), self.radius)


@ACQUISITIONS.register_module()
class PixelLeastConfidence(PixelAcquisition):
    """Pixels with predictions of low confidence, by 1 - max p."""

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        return scores.by_pixel(scores.least_confidence, logits)


@ACQUISITIONS.register_module()
class RegionRandom(RegionAcquisition):
    """Random regions. The middle of a region is drawn, and no mean over it: means of regions that the border cuts vary more."""

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        return random_score(logits.shape[1:], rng)


@ACQUISITIONS.register_module()
class PixelRandom(PixelAcquisition):
    """Random pixels."""

    def __call__(self, logits: Tensor, rng: np.random.Generator) -> Tensor:
        return random_score(logits.shape[1:], rng)


def random_score(size: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """A score that is drawn for every pixel, uniform in [0, 1): float32 (H, W)."""
    return torch.from_numpy(rng.random(size, dtype=np.float32))
