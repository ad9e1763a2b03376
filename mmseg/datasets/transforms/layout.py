"""Flipping, padding, margins: what happens to a crop after it was cut.

Letters: (H, W) full image, (h, w) crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def flip(array: np.ndarray) -> np.ndarray:
    """Mirrors left and right: [h, w] or [h, w, 3]."""
    return array[:, ::-1]


def pad(array: np.ndarray, size: Sequence[int], value: int) -> np.ndarray:
    """Fills up at the bottom and on the right: [h', w', ...] -> [h, w, ...]; ``size`` is (h, w)."""
    missing = [(0, max(full - actual, 0)) for full, actual in zip(size, array.shape, strict=False)]
    if not any(after for _, after in missing):
        return array
    return np.pad(array, missing + [(0, 0)] * (array.ndim - 2), constant_values=value)


def margin_mask(height: int, width: int, margins: Sequence[int]) -> np.ndarray:
    """Where pseudo-labels may be used: 1 inside the margins, 0 on them (HRDA, supplement: ego vehicle).

    Args:
        height, width: size of the resized, uncropped target image, pixels.
        margins: rows and columns to ignore at [top, bottom, left, right], in pixels of that image.

    Returns:
        uint8 [H, W]; 1024 x 2048 with [30, 240, 30, 30] has 1 498 952 ones.
    """
    top, bottom, left, right = margins
    mask = np.zeros((height, width), np.uint8)
    mask[top : height - bottom, left : width - right] = 1
    return mask
