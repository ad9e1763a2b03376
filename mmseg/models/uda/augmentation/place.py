"""From maps of whole images to maps of crops of them.

Letters: B images, C channels, (h, w) map of the whole image.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.structures.places import CropPlace


def crop_of_whole(values: Tensor, place: Sequence[CropPlace], *, size: Sequence[int]) -> Tensor:
    """Cuts what the crops show out of maps of the whole images, at a size below that of the crops.

    As CPSL (Li et al., CVPR 2022) carries features of whole images over to crops: the map is resized to the size of the whole resized
    image at the stride of the result, and the corners of the crop are rounded down to whole pixels of it.

    Args:
        values: [B, C, h, w] floats, of any size; gradients pass.
        place: of each of the B crops.
        size: of the result; ``crop / size`` is its stride.

    Returns:
        [B, C, *size], bilinear with aligned corners; 0 where the crop is padded.
    """
    return torch.stack([_crop_of_whole(single[None], its, size)[0] for single, its in zip(values, place, strict=True)])


def _crop_of_whole(values: Tensor, place: CropPlace, size: Sequence[int]) -> Tensor:
    box, (height, width) = place.box, size
    down, right = place.crop
    whole = F.interpolate(
        values, (place.resized[0] * height // down, place.resized[1] * width // right), mode="bilinear", align_corners=True
    )
    top, left = box.y1 * height // down, box.x1 * width // right
    region = whole[:, :, top : top + box.height * height // down, left : left + box.width * width // right]
    region = region.flip(3) if place.flipped else region
    return F.pad(region, (0, width - region.shape[3], 0, height - region.shape[2]))
