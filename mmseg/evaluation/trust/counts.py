"""How many pixels a network is how sure of: all that its reliability is computed from, in constant memory.

Letters: L levels of confidence, K classes, (H, W) native label size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmseg.datasets.reading.object_ids import KNOWN_OBJECT, UNKNOWN_OBJECT

LEVELS = 65536
"""Of confidence: what an image of 16 bits tells apart, so that a measure from a written file is the one that was printed."""
KINDS = ("right", "wrong", "unknown", "known")
"""Of pixels: rightly predicted; wrongly; of an object that is none of the classes; of one of them, and the label does not say which."""


def to_level(confidence: Tensor) -> Tensor:
    """The nearest level of confidences in [0, 1]: int64 in [0, L - 1], any shape. It is off by half a level at most."""
    return (confidence.float() * (LEVELS - 1)).round_().clamp_(0, LEVELS - 1).long()


def level_values() -> np.ndarray:
    """The confidence that each level stands for: float64 [L], from 0 to 1."""
    return np.arange(LEVELS) / (LEVELS - 1)


def confidence_counts(
    prediction: Tensor, label: Tensor, confidence: Tensor, ignore_index: int, objects: Tensor | None = None
) -> np.ndarray:
    """Counts the pixels of an image by what they are and by confidence. Counts of images, and of processes, add up.

    Args:
        prediction: [H, W] class indices in [0, K).
        label: [H, W] class indices or ``ignore_index``.
        confidence: [H, W] in [0, 1], the probability of the predicted class.
        objects: uint8 [H, W], see :meth:`mmseg.datasets.reading.object_ids.ObjectIds.map`; None says nothing of any pixel.

    Returns:
        int64 [4, L], rows as in :data:`KINDS`.
    """
    kind = torch.where(prediction == label, 0, 1)
    counted = label != ignore_index
    if objects is not None:
        for row, value in ((2, UNKNOWN_OBJECT), (3, KNOWN_OBJECT)):
            kind, counted = kind.masked_fill(objects == value, row), counted | (objects == value)
    places = kind[counted] * LEVELS + to_level(confidence[counted])
    return torch.bincount(places, minlength=len(KINDS) * LEVELS).view(len(KINDS), LEVELS).cpu().numpy()
