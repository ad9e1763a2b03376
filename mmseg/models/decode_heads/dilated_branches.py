"""Several 3x3 convolutions of one map with different dilations, as one convolution with 1x1 kernels.

The branches of DeepLabV2's decoder (Chen et al., TPAMI 2018) give few channels. For these, dilated kernels are slow on a CPU, most of
all their gradients. A dilated convolution is, however, a sum of nine 1x1 ones whose results are moved. So one matrix product computes the
taps of all branches, and taps that would see nothing but padding are left out: a third to a fourth of the time.

Letters: B images, C channels, K channels of a branch, (H, W) the map, T taps of all branches.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.models.decode_heads.dilated_conv import on_eager_cpu
from mmseg.utils.computing.float32 import at_least_float32

FEW = 32
"""Channels of a branch up to which this pays; with 48, the forward pass takes longer (measured with torch 2.14)."""


def dilated_branches(feature_map: Tensor, branches: Sequence[nn.Conv2d]) -> list[Tensor]:
    """What each of some convolutions makes of a map [B, C, H, W]: [B, K, H, W] each.

    Args:
        feature_map: [B, C, H, W].
        branches: 3x3 convolutions to K channels with the same padding as dilation, and a bias.
    """
    if on_eager_cpu(feature_map) and max(branch.out_channels for branch in branches) <= FEW:
        return shifted_taps(feature_map, branches)
    return [branch(feature_map) for branch in branches]


def shifted_taps(feature_map: Tensor, branches: Sequence[nn.Conv2d]) -> list[Tensor]:
    """See :func:`dilated_branches`; equal to the convolutions up to rounding."""
    size = feature_map.shape[2:]
    moves = [_moves(branch.dilation[0], size) for branch in branches]
    rows = [branch.weight[:, :, 1 + y, 1 + x] for branch, seen in zip(branches, moves, strict=True) for y, x in seen]
    taps = iter(F.conv2d(feature_map, torch.cat(rows)[:, :, None, None]).unflatten(1, (len(rows), -1)).unbind(1))
    results = []
    for branch, seen in zip(branches, moves, strict=True):
        total = at_least_float32(branch.bias)[:, None, None]
        for y, x in seen:
            down, right = y * branch.dilation[0], x * branch.dilation[0]
            tap = F.pad(next(taps), (-right, right, -down, down))
            total = total + at_least_float32(tap)
        results.append(total.to(tap.dtype))
    return results


def _moves(dilation: int, size: Sequence[int]) -> list[tuple[int, int]]:
    """(row, column), each -1, 0 or 1, of the taps that see some of a map of this size."""
    vertical, horizontal = ([-1, 0, 1] if dilation < side else [0] for side in size)
    return [(y, x) for y in vertical for x in horizontal]
