"""Soft pseudo-labels corrected by prototypes (CPSL, section 3.2).

Letters: B images, K classes, (h, w) map.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.datasets.classes.names import IGNORE


def rectify(soft: Tensor, weights: Tensor, threshold: float = 0.0) -> tuple[Tensor, Tensor]:
    """The most likely class of the product of two predictions.

    Args:
        soft: P_ST, [B, K, h, w] probabilities of self-training.
        weights: P_SL, [B, K, h, w] probabilities of the prototypes.
        threshold: a pixel whose renormalised product stays below is ignored; in [0, 1].

    Returns:
        labels [B, h, w] int64, 255 where ignored or where either is 0 (padding), and the renormalised product of the label, [B, h, w] in
        [0, 1].
    """
    product = soft * weights
    best, labels = product.max(dim=1)
    confidence = best / product.sum(dim=1).clamp(min=torch.finfo(product.dtype).tiny)
    return torch.where((confidence < threshold) | (best == 0), IGNORE, labels), confidence
