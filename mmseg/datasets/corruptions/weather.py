"""Weather, drawn over an image float32 RGB [H, W, 3] in [0, 1].

All of it is made of noise: no photograph of frost or drops is needed.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.datasets.corruptions.blur import line

ICE = np.array([0.82, 0.9, 1.0], np.float32)
WATER = np.array([0.69, 0.93, 0.93], np.float32)
AIR = np.float32(0.85)
MUD = np.array([0.25, 0.16, 0.08], np.float32)


def clouds(height: int, width: int, decay: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of all sizes, float32 [H, W] from 0 to 1: octaves whose strength is divided by ``decay`` each time their size is halved."""
    total, strength, cell = np.zeros((height, width), np.float32), 1.0, max(height, width)
    while cell >= 2:
        coarse = rng.random((height // cell + 3, width // cell + 3), np.float32)
        shift = rng.random(2)
        rows, columns = np.arange(height, dtype=np.float32) / cell + shift[0], np.arange(width, dtype=np.float32) / cell + shift[1]
        total += strength * cv2.remap(coarse, *np.meshgrid(columns.astype(np.float32), rows.astype(np.float32)), cv2.INTER_LINEAR)
        strength, cell = strength / decay, cell // 2
    return (total - total.min()) / max(np.ptp(total), np.finfo(np.float32).tiny)


def fog(image: np.ndarray, shape: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Takes light away and scatters that of the sky instead, more where clouds are thick.

    Args:
        shape: share of the light that is taken between the clouds, and the decay of the clouds, in which a quarter more is taken.
    """
    taken, decay = shape
    opacity = (taken + 0.25 * clouds(*image.shape[:2], decay, rng))[..., None]
    return (1 - opacity) * image + opacity * AIR


def frost(image: np.ndarray, shape: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Crystals on the pane: ridges of noise, densest where frost begins; ``shape`` is what is kept of the image and added of them."""
    kept, added = shape
    height, width = image.shape[:2]
    ridges = 1 - np.abs(2 * clouds(height, width, 1.3, rng) - 1)
    patches = np.clip(2.5 * clouds(height, width, 2.0, rng) - 0.6, 0, 1)
    crystals = (0.3 + 0.7 * ridges**3) * patches
    return kept * image + added * crystals[..., None] * ICE


def snow(image: np.ndarray, shape: tuple[float, float, float, int, float], rng: np.random.Generator) -> np.ndarray:
    """Flakes that fall at one angle, before a street that has turned pale.

    Args:
        shape: share of the pixels in which a flake begins, its size in pixels, strength, length of its trace in pixels, and what is kept of
            the colours.
    """
    share, size, strength, trace, kept = shape
    height, width = image.shape[:2]
    flakes = (rng.random((height, width), np.float32) < share).astype(np.float32)
    flakes = cv2.GaussianBlur(flakes, (0, 0), size)
    flakes = cv2.filter2D(flakes, -1, line(trace, trace / 2, rng.uniform(-135, -45)))
    peak = np.quantile(flakes[:: max(1, height // 256)], 0.999)  # a few rows say how bright flakes are
    flakes = strength * np.minimum(flakes / max(float(peak), np.finfo(np.float32).tiny), 1)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    pale = kept * image + (1 - kept) * np.maximum(image, 0.6 * grey + 0.4)
    return pale + flakes[..., None] * (1 - pale)


def spatter(image: np.ndarray, shape: tuple[float, float, bool], rng: np.random.Generator) -> np.ndarray:
    """Drops on the lens.

    Args:
        shape: share of the image that they cover, how opaque they are, and whether they are of mud instead of water.
    """
    share, opacity, muddy = shape
    height, width = image.shape[:2]
    thickness = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), 4)
    level = np.quantile(thickness[:: max(1, height // 256)], 1 - share)
    drops = np.clip((thickness - level) / max(float(thickness.std()), np.finfo(np.float32).tiny) * 3, 0, 1)[..., None]
    return image + opacity * drops * ((MUD if muddy else WATER) - image)
