"""Probabilities of the pixels of a crop, from a coarse map of its whole image.

Letters: K classes, (h, w) map, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.structures.places import CropPlace


def soft_crop(soft: Tensor, place: CropPlace) -> Tensor:
    """Cuts a crop out of a coarse map of probabilities of its whole image.

    The map is enlarged to the native size, and resized with the image, bilinear with aligned corners both times, as in CPSL. Each of
    the two is linear and separable, so both together are one matrix for the rows and one for the columns: nothing is enlarged
    beyond the crop.

    Args:
        soft: [K, h, w] floats.
        place: of the crop.

    Returns:
        [K, H, W]; 0 where the crop is padded.
    """
    box = place.box
    rows = interpolation(soft.shape[1], (place.native[0], place.resized[0]), soft)[box.y1 : box.y2]
    columns = interpolation(soft.shape[2], (place.native[1], place.resized[1]), soft)[box.x1 : box.x2]
    region = rows @ soft @ (columns.flip(0) if place.flipped else columns).T
    return F.pad(region, (0, place.crop[1] - box.width, 0, place.crop[0] - box.height))


def interpolation(length: int, lengths: Sequence[int], like: Tensor) -> Tensor:
    """The matrix [last of ``lengths``, length] that interpolates so many values to each of ``lengths`` in turn."""
    matrix = torch.eye(length, dtype=like.dtype, device=like.device)[None]
    for target in lengths:
        matrix = F.interpolate(matrix, target, mode="linear", align_corners=True)
    return matrix[0].T
