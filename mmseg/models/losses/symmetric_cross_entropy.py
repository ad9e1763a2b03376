"""Symmetric cross entropy against wrong labels (Wang et al., ICCV 2019), as CPSL trains on rectified pseudo-labels.

The published code also defines two regularisers of the confidence (MRENT and MRKLD), which it never calls; they are left out.

Letters: B images, K classes, (H, W) pixels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.losses.cross_entropy import cross_entropy
from mmseg.utils.computing.float32 import at_least_float32

SMALLEST_LABEL = 1e-4
"""Stands for 0 in a label whose logarithm is taken."""
SMALLEST_PROBABILITY = 1e-7


def mean_cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """Mean over labelled pixels, [B, K, H, W] and [B, H, W] int64 with 255 -> scalar; 0 without any, where the published code has NaN."""
    return cross_entropy(logits, label, reduction="sum", ignore_index=IGNORE) / (label != IGNORE).sum().clamp(min=1)


def reverse_cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """The labels' surprise at the predictions: the mean over labelled pixels of -sum_c p_c log y_c, where log 0 stands for log 1e-4.

    Args:
        logits: [B, K, H, W].
        label: [B, H, W] int64, 255 where unknown.

    Returns:
        A scalar, 0 without labelled pixels.
    """
    known = label != IGNORE
    probability = at_least_float32(logits).softmax(dim=1).clamp(min=SMALLEST_PROBABILITY, max=1)
    own = probability.gather(1, torch.where(known, label, 0)[:, None])[:, 0]
    surprise = -math.log(SMALLEST_LABEL) * (probability.sum(dim=1) - own)  # the label's own class has log 1
    return torch.where(known, surprise, 0).sum() / (known.sum() + 1e-6)


def symmetric_cross_entropy(logits: Tensor, label: Tensor, alpha: float, beta: float) -> Tensor:
    """alpha times the cross entropy and beta times the reverse one; published: 0.1 and 1."""
    return alpha * mean_cross_entropy(logits, label) + beta * reverse_cross_entropy(logits, label)
