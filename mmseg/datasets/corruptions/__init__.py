"""Images made worse on purpose: 16 kinds of corruption, five severities each, to see what a network stands.

The kinds are those of Kamann and Rother ("Benchmarking the Robustness of Semantic Segmentation Models", CVPR 2020, section 4), which are
those of ImageNet-C (Hendrycks and Dietterich, ICLR 2019) that move nothing. Strengths follow theirs where the formula is the same; weather
and glass are drawn in a way of our own. Numbers are comparable among runs of this code, and not with those of published image sets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from mmseg.datasets.corruptions import blur, digital, noise, weather
from mmseg.utils.randomness import derive_seed

SEVERITIES = range(1, 6)


@dataclass(frozen=True)
class Kind:
    """A corruption.

    Attributes:
        apply: takes an image float32 RGB [H, W, 3] in [0, 1], a strength and a generator of random numbers.
        strengths: of the severities 1 to 5.
    """

    apply: Callable[[np.ndarray, Any, np.random.Generator], np.ndarray]
    strengths: tuple


SNOW = (
    (0.005, 0.8, 0.5, 4, 0.9),
    (0.01, 1.0, 0.6, 5, 0.8),
    (0.02, 1.1, 0.7, 6, 0.7),
    (0.03, 1.2, 0.8, 7, 0.65),
    (0.05, 1.4, 0.9, 8, 0.55),
)
SPATTER = ((0.06, 0.6, False), (0.12, 0.7, False), (0.2, 0.75, False), (0.25, 0.85, True), (0.35, 0.95, True))
KINDS = MappingProxyType(
    {
        "gaussian_noise": Kind(noise.gaussian_noise, (0.08, 0.12, 0.18, 0.26, 0.38)),
        "shot_noise": Kind(noise.shot_noise, (60, 25, 12, 5, 3)),
        "impulse_noise": Kind(noise.impulse_noise, (0.03, 0.06, 0.09, 0.17, 0.27)),
        "speckle_noise": Kind(noise.speckle_noise, (0.15, 0.2, 0.35, 0.45, 0.6)),
        "gaussian_blur": Kind(blur.gaussian_blur, (1, 2, 3, 4, 6)),
        "defocus_blur": Kind(blur.defocus_blur, ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))),
        "motion_blur": Kind(blur.motion_blur, ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))),
        "glass_blur": Kind(blur.glass_blur, ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))),
        "snow": Kind(weather.snow, SNOW),
        "frost": Kind(weather.frost, ((0.95, 0.3), (0.9, 0.45), (0.85, 0.6), (0.8, 0.8), (0.75, 1.0))),
        "fog": Kind(weather.fog, ((0.25, 2.0), (0.35, 2.0), (0.45, 1.7), (0.55, 1.5), (0.65, 1.4))),
        "spatter": Kind(weather.spatter, SPATTER),
        "brightness": Kind(digital.brightness, (0.1, 0.2, 0.3, 0.4, 0.5)),
        "contrast": Kind(digital.contrast, (0.4, 0.3, 0.2, 0.1, 0.05)),
        "saturate": Kind(digital.saturate, (1.5, 2, 3, 5, 20)),
        "jpeg_compression": Kind(digital.jpeg_compression, (25, 18, 15, 10, 7)),
    }
)
"""By name: noise, blur, weather, camera and file."""


class Corruption(NamedTuple):
    """What an evaluation does to its images."""

    kind: str
    severity: int
    seed: int

    def __call__(self, image: np.ndarray, name: str) -> np.ndarray:
        """An image uint8 BGR [H, W, 3] made worse; ``name`` is its path below the folder of the images."""
        changed = corrupt(np.ascontiguousarray(image[..., ::-1]), self.kind, self.severity, self.seed, name)
        return np.ascontiguousarray(changed[..., ::-1])


def corrupt(image: np.ndarray, kind: str, severity: int, seed: int = 0, name: str = "") -> np.ndarray:
    """An image made worse.

    Args:
        image: uint8 RGB [H, W, 3].
        kind: a name of :data:`KINDS`.
        severity: 1 to 5; 0 leaves the image as it is.
        seed, name: of the evaluation and the image: the same pair draws the same corruption, in whatever order images are read.

    Returns:
        uint8 RGB [H, W, 3], a new array.
    """
    if severity == 0:
        return image.copy()
    rng = np.random.default_rng(derive_seed(seed, f"corruption {kind} {severity} {name}"))
    chosen = KINDS[kind]
    changed = chosen.apply(image.astype(np.float32) / 255, chosen.strengths[severity - 1], rng)
    return np.rint(np.clip(changed, 0, 1) * 255).astype(np.uint8)
