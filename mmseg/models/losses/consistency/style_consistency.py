"""Consistency of predictions of one image in two styles (SHADE, Zhao et al., ECCV 2022, section 3.2).

Letters: B images, K classes, (h, w) map of the decoder.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32

SMALLEST = 1e-7


def style_consistency(logits: Tensor) -> Tensor:
    """Jensen-Shannon divergence between predictions of two styles, mean over pixels: 0 if equal, ln 2 if disjoint.

    Half of KL(p || m) + KL(p' || m), where m is the mean of both and at least 1e-7, as published. Gradients reach both
    halves, and the mean.

    Args:
        logits: [2 * B, K, h, w], the images in their own style, then in another.
    """
    logs = torch.log_softmax(at_least_float32(logits), dim=1)
    one, other = logs.chunk(2)
    mean = ((one.exp() + other.exp()) / 2).clamp(SMALLEST, 1).log()
    divergence = one.exp() * (one - mean) + other.exp() * (other - mean)
    return divergence.sum(1).mean() / 2
