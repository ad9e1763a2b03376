"""How far features are from those of a frozen encoder: mostly their direction, a little their length (VFM-UDA++, arXiv 2503.10685).

Letters: B images, C channels, (h, w) grid.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32

LENGTH, DIRECTION = 0.1, 0.9
"""Shares of both parts, as published."""


def feature_distillation(features: Tensor, reference: Tensor) -> Tensor:
    """0.1 times the smooth L1 distance, the mean over channels, plus 0.9 times 1 - cosine; the mean over all places: a scalar.

    Args:
        features, reference: [B, C, h, w].
    """
    features, reference = at_least_float32(features), at_least_float32(reference)
    length = F.smooth_l1_loss(features, reference, reduction="none").mean(dim=1)
    direction = 1 - F.cosine_similarity(features, reference, dim=1)
    return (LENGTH * length + DIRECTION * direction).mean()
