"""Negative learning: what a pixel is hardly of becomes less likely still (RIPU, Xie et al., CVPR 2022).

Letters: B images, K classes, (H, W) pixels, p probabilities.
"""

from __future__ import annotations

from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32

EPSILON = 1e-6


def negative_learning(logits: Tensor, threshold: float = 0.05) -> Tensor:
    """Mean of -ln(1 - p + 1e-6) over all pixels and classes of the batch with p below ``threshold``.

    No gradient passes through which these are. Without any, as for uniform predictions of at most 19 classes, it is 0 without a
    gradient, where the published code has NaN in both.

    Args:
        logits: [B, K, H, W].
        threshold: in (0, 1].

    Returns:
        A scalar, 0 or more up to rounding.
    """
    probabilities = at_least_float32(logits).softmax(1)
    unlikely = probabilities < threshold
    return -((1 - probabilities + EPSILON).log() * unlikely).sum() / unlikely.sum().clamp(min=1)
