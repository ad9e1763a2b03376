"""Which pixels of a prediction are sure enough to be labels.

A prediction is kept with how unsure it is: 1 - probability of the predicted class. Close to 1, where networks put most pixels, 16 bits of
the probability have no digits left, and those of its distance from 1 have all of them; their order is that of whole numbers.

Letters: K classes, (H, W) size of the image.
"""

from __future__ import annotations

import numpy as np

from mmseg.datasets.classes.names import IGNORE

LEVELS = 1 << 15
"""Bit patterns of a float16 that is not negative."""


def unsure_levels(doubt: np.ndarray) -> np.ndarray:
    """Float16 [...] in [0, 1] as uint16 levels of the same order: its bit pattern."""
    return doubt.astype(np.float16).view(np.uint16)


def level_values(levels: np.ndarray) -> np.ndarray:
    """The inverse of :func:`unsure_levels`, float32."""
    return levels.astype(np.uint16).view(np.float16).astype(np.float32)


def histogram(label: np.ndarray, levels: np.ndarray, num_classes: int) -> np.ndarray:
    """Pixels by predicted class and level of doubt: int64 [K, LEVELS] of uint8 [H, W] and uint16 [H, W]."""
    counts = np.bincount(label.ravel().astype(np.int64) * LEVELS + levels.ravel(), minlength=num_classes * LEVELS)
    return counts.reshape(num_classes, LEVELS)


def class_limits(counts: np.ndarray, quantile: float) -> np.ndarray:
    """The largest level of doubt that is kept of each class, so that at least the share ``1 - quantile`` of its pixels stays.

    Class-balanced self-training (Zou et al., ECCV 2018, section 3.2): each class has the limit that its own predictions give.

    Args:
        counts: int64 [K, LEVELS] of :func:`histogram`, over all images.
        quantile: share of the pixels of a class that may be dropped, in [0, 1); equal doubts are kept or dropped together.

    Returns:
        int64 [K]; 0 for a class that was never predicted.
    """
    below = counts.cumsum(axis=1)
    needed = np.ceil((1 - quantile) * below[:, -1:] - 1e-9)
    return (below >= needed).argmax(axis=1)


def kept(label: np.ndarray, levels: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """The label with 255 where the doubt is above the limit of the predicted class.

    Args:
        label: uint8 [H, W], predicted train ids.
        levels: uint16 [H, W] of :func:`unsure_levels`.
        limits: int64 [K], levels.
    """
    return np.where(levels <= limits[label], label, IGNORE).astype(np.uint8)


def limit_of(threshold: float) -> int:
    """The level of doubt that a threshold of the probability allows: probabilities of at least that are kept."""
    return int(unsure_levels(np.array(1 - threshold)))
