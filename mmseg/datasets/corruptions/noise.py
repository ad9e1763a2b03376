"""Noise of sensors: independent in every value of an image float32 [H, W, 3] in [0, 1]."""

from __future__ import annotations

import numpy as np


def gaussian_noise(image: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Adds normal noise, as in low light; ``scale`` is its standard deviation."""
    return image + scale * rng.standard_normal(image.shape, np.float32)


def shot_noise(image: np.ndarray, photons: float, rng: np.random.Generator) -> np.ndarray:
    """Counts a Poisson number of ``photons`` for a value of 1: light comes in pieces."""
    return (rng.poisson(image * photons) / photons).astype(np.float32)


def impulse_noise(image: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Sets a ``share`` of all values to 0 or 1, half of them each: errors of bits."""
    drawn = rng.random(image.shape, np.float32)
    return np.where(drawn < share / 2, np.float32(0), np.where(drawn < share, np.float32(1), image))


def speckle_noise(image: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Multiplies by 1 + normal noise of the standard deviation ``scale``: brighter values are noisier."""
    return image * (1 + scale * rng.standard_normal(image.shape, np.float32))
