"""The depth of a source crop, and where the crop lies: for methods that learn geometry from a simulator.

Letters: (H, W) crop; sizes are (height, width).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mmseg.datasets import transforms
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.cropping.finishing import finish_mask
from mmseg.datasets.reading.depth_files import inverse_depth
from mmseg.structures import Box, CropPlace

UNKNOWN = 0
"""Inverse depth where the crop is padded, and of images without depth; that of the sky is 1."""


def depth_crop(
    raw: np.ndarray | None, native: Sequence[int], size: Sequence[int], *, options: CropOptions, box: Box, flipped: bool
) -> dict[str, Tensor]:
    """What a sample holds of the geometry of its source crop.

    The raw values are resampled by OpenCV's nearest neighbour whatever resamples the labels: with Pillow's for those, as in the
    published code, depth and label of a pixel may come from neighbouring pixels of the files.

    Args:
        raw: uint16, centimetres, the whole image at its native size; None where its data set has no depth.
        native: size of the image file.
        size: of the resized image.
        options, box, flipped: of the crop.

    Returns:
        ``depth`` float32 [H, W], inverse depth or :data:`UNKNOWN`; ``place`` int64 [11], see :class:`~mmseg.structures.CropPlace`.
    """
    place = CropPlace(native=tuple(native), resized=tuple(size), box=box, crop=tuple(options.crop_size), flipped=flipped)
    if raw is None:
        crop = np.full((box.height, box.width), UNKNOWN, np.float32)
    else:
        crop = inverse_depth(transforms.resize_label(raw, size)[box.slices])
    return {"depth": finish_mask(crop, options.crop_size, flipped, fill=UNKNOWN), "place": place.numbers()}
