"""Local consistency of predictions at the boundaries of classes (RIPU, Xie et al., CVPR 2022).

Letters: B images, K classes, (H, W) pixels, p probabilities and q their mean over 3x3 pixels.
"""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32

EPSILON = 1e-6
IGNORED = 255


def local_consistency(logits: Tensor, label: Tensor, *, kind: Literal["l1", "kl"] = "l1") -> Tensor:
    """Mean :func:`discrepancy` of the labelled pixels at a boundary of the label; 0 without any, where the published code has NaN.

    Args:
        logits: [B, K, H, W].
        label: [B, H, W], whole numbers in 0..K-1, or 255.
        kind: see :func:`discrepancy`.

    Returns:
        A scalar.
    """
    counted = semantic_boundary(label) & (label != IGNORED)
    return (discrepancy(at_least_float32(logits).softmax(1), kind) * counted).sum() / counted.sum().clamp(min=1)


def discrepancy(probabilities: Tensor, kind: Literal["l1", "kl"] = "l1") -> Tensor:
    """How far each prediction is from the mean of its 3x3 neighbourhood, itself included; the border is repeated outwards.

    Args:
        probabilities: [B, K, H, W].
        kind: 'l1' is sum |p - q| over the classes, in [0, 2], the published choice. 'kl' is sum p ln(p / (q + 1e-6) + 1e-6).

    Returns:
        [B, H, W].
    """
    mean = F.avg_pool2d(F.pad(probabilities, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    if kind == "l1":
        return (probabilities - mean).abs().sum(1)
    return (probabilities * (probabilities / (mean + EPSILON) + EPSILON).log()).sum(1)


def semantic_boundary(label: Tensor) -> Tensor:
    """Where the Laplacian of the raw numbers of a label is not 0: nine times a pixel against the sum of its 3x3 window.

    Outside of the image there are zeros. So pixels at its border are boundaries unless their class is 0, and 255 is a number like any
    other; where larger and smaller neighbours cancel out, a boundary is missed. All of that is published.

    Args:
        label: [B, H, W], whole numbers.

    Returns:
        bool [B, H, W].
    """
    numbers = label.int()
    padded = F.pad(numbers, (1, 1, 1, 1))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:] != 9 * numbers
