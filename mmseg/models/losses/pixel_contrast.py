"""Contrast of pixels with a memory of pixels (CPSL's released code; after Khosla et al., NeurIPS 2020).

Letters: M anchors, N remembered pixels, C channels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.utils.computing.float32 import products_in_float32


def pixel_contrast(anchors: Tensor, anchor_labels: Tensor, memory: Tensor, memory_labels: Tensor, temperature: float) -> Tensor:
    """Anchors come closer to remembered pixels of their class than to all others.

    For each positive, the denominator holds itself and the negatives, not the other positives. An anchor without a positive costs nothing
    and counts in the mean.

    Args:
        anchors: [M, C] of length 1, with gradient.
        anchor_labels: [M] int64.
        memory: [N, C] of length 1.
        memory_labels: [N] int64.
        temperature: above 0.

    Returns:
        A scalar.
    """
    with products_in_float32(anchors):
        similarity = anchors @ memory.t() / temperature
    similarity = similarity - similarity.amax(dim=1, keepdim=True).detach()
    positive = anchor_labels[:, None] == memory_labels[None]
    exponentials = similarity.exp()
    others = torch.where(positive, 0.0, exponentials).sum(dim=1, keepdim=True)
    likelihood = similarity - (exponentials + others).log()
    return -(torch.where(positive, likelihood, 0.0).sum(dim=1) / (positive.sum(dim=1) + 1e-5)).mean()
