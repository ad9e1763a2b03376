"""BatchNorm that a training leaves alone (FADA and label shift adaptation freeze all of them).

Letters: B images, C channels, (H, W) the map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def frozen_batch_norm(feature_map: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """x * w / sqrt(v) + (b - m * w / sqrt(v)): [B, C, H, W] -> the same shape; the statistics are [C].

    As published, nothing is added to the variance: a channel of variance 1e-6 is multiplied by 1000, not by the 301.5 of BatchNorm.
    """
    scale = weight * variance.rsqrt()
    return feature_map * scale[:, None, None] + (bias - mean * scale)[:, None, None]


class FrozenBatchNorm2d(nn.Module):
    """:func:`frozen_batch_norm` with the entries of BatchNorm as buffers: no gradient, no weight decay, the same in training.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name, value in {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}.items():
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H, W]."""
        return frozen_batch_norm(feature_map, self.weight, self.bias, self.running_mean, self.running_var)
