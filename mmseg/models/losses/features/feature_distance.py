"""Feature distance to a frozen ImageNet encoder on thing classes (DAFormer, section 3.3, equations 8-11).

Letters: B images, K classes, C channels, (H, W) label size, (h, w) feature size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.structures import class_table
from mmseg.utils.computing.float32 import at_least_float32


def downscale_label(label: Tensor, factor: int, min_ratio: float, num_classes: int, ignore_index: int = 255) -> Tensor:
    """The class that fills at least ``min_ratio`` of every factor x factor cell, else ``ignore_index``.

    Rows and columns beyond a multiple of ``factor`` are dropped; ties go to the lower class.

    Args:
        label: [B, H, W] int64, train ids and ``ignore_index``.
        factor: size of a cell in pixels.
        min_ratio: in [0, 1].
        num_classes: K.

    Returns:
        [B, H // factor, W // factor] int64.
    """
    known = torch.where(label == ignore_index, num_classes, label)
    cells = known.unfold(1, factor, factor).unfold(2, factor, factor).flatten(3)  # [B, h, w, pixels of a cell]
    # Counted, not averaged over a one-hot map, which would be 20 times the label.
    counts = torch.zeros(*cells.shape[:3], num_classes + 1, device=label.device)
    counts.scatter_add_(3, cells, counts.new_ones(()).expand_as(cells))
    ratio, winner = (counts / factor**2).max(dim=3)
    unclear = (winner == num_classes) | (ratio < min_ratio)
    return winner.masked_fill(unclear, ignore_index)


def thing_mask(label: Tensor, features: Tensor, classes: Sequence[int], min_ratio: float, num_classes: int) -> Tensor:
    """Feature cells that show one of ``classes``: label [B, H, W], features [B, C, h, w] -> bool [B, h, w].

    Where cells are no whole pixels, as those of a transformer with a grid of its own, the label is brought to the next larger whole
    ones, pixel by nearest pixel.
    """
    size = features.shape[-2:]
    pairs = list(zip(label.shape[1:], size, strict=True))
    factor = max(-(-side // cells) for side, cells in pairs)
    if any(side != cells * factor for side, cells in pairs):
        label = F.interpolate(label[:, None].float(), size=[cells * factor for cells in size], mode="nearest-exact")[:, 0].long()
    small = downscale_label(label, factor, min_ratio, num_classes)
    return class_table([classes], label.device)[0][small]


def feature_distance(features: Tensor, reference: Tensor, mask: Tensor) -> Tensor:
    """Mean Euclidean distance over the cells of a mask; 0 for an empty mask.

    The published code logs NaN for an empty mask; its gradient is 0 there, as ours is.

    Args:
        features, reference: [B, C, h, w].
        mask: [B, h, w] bool.
    """
    distance = torch.linalg.vector_norm(at_least_float32(features) - at_least_float32(reference), dim=1)
    return (distance * mask).sum() / mask.sum().clamp(min=1)
