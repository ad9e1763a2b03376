"""Entropy of predictions (ADVENT, Vu et al., CVPR 2019, section 3.1).

Letters: B images, K classes, (H, W) pixels.
"""

from __future__ import annotations

import math

from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32


def self_information(probabilities: Tensor) -> Tensor:
    """Share of every class in the normalised entropy of its pixel, equation 4 (logarithms to base 2, over log2 K).

    Args:
        probabilities: [B, K, H, W] in [0, 1], K > 1.

    Returns:
        [B, K, H, W], 0 or more; its sum over K is in [0, 1].
    """
    # 1e-30 keeps 0 * log 0 finite, and its gradient as well.
    probabilities = at_least_float32(probabilities)
    return -probabilities * (probabilities + 1e-30).log2() / math.log2(probabilities.shape[1])


def entropy_loss(probabilities: Tensor) -> Tensor:
    """Mean normalised entropy, equations 1 and 2: [B, K, H, W] -> a scalar in [0, 1]; 1 where all classes are as likely."""
    return self_information(probabilities).sum(dim=1).mean()
