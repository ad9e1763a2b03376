"""Resizing that keeps the aspect ratio: image bilinear, labels and masks nearest.

Letters: (H, W) before, (h, w) after.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from mmseg.structures import Box

KeepRatio = bool | Literal["width", "fit"]
"""What is kept of the aspect ratio of an image, see :func:`scaled_size`."""


def keep_ratio_size(size: Sequence[int], scale: Sequence[int]) -> tuple[int, int]:
    """The largest size with the aspect ratio of ``size`` that fits into ``scale``.

    Args:
        size: (H, W) of the image, pixels.
        scale: two limits in pixels, in any order: the longer one bounds the longer side of the image,
            the shorter one its shorter side (so a portrait image is not squeezed).

    Returns:
        (h, w); each side is ``int(side * ratio + 0.5)``, at least 1, e.g. 1052 x 1914 into 2560 x 1440 is 1407 x 2560.
    """
    height, width = size
    ratio = min(max(scale) / max(height, width), min(scale) / min(height, width))
    return max(int(height * ratio + 0.5), 1), max(int(width * ratio + 0.5), 1)


def scaled_size(size: Sequence[int], scale: Sequence[int], keep_ratio: KeepRatio = True) -> tuple[int, int]:
    """The size (h, w) that an image of ``size`` (H, W) is resized to.

    Args:
        size: of the image, pixels.
        scale: (w, h), pixels.
        keep_ratio: True for :func:`keep_ratio_size`; False for exactly ``scale``; 'width' for its width, and the height with the aspect
            ratio of the image, rounded down: the ``RandomSized`` of ProDA and CPSL; 'fit' for the largest size that fits into it as
            it stands, rounded down: an upright image does not turn the scale, as :func:`keep_ratio_size` does (Mapillary in the depth
            distribution of Wu and Liu, NeurIPS 2022).
    """
    if keep_ratio == "fit":
        ratio = min(scale[0] / size[1], scale[1] / size[0])
        return max(int(size[0] * ratio), 1), max(int(size[1] * ratio), 1)
    if keep_ratio == "width":
        return max(int(scale[0] / (size[1] / size[0])), 1), scale[0]
    return keep_ratio_size(size, scale) if keep_ratio else (scale[1], scale[0])


def resize_image(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Bilinear: uint8 [H, W, 3] -> uint8 [h, w, 3]; ``size`` is (h, w)."""
    return image if image.shape[:2] == tuple(size) else cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)


def resize_label(label: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Nearest: uint8 or uint16 [H, W] -> [h, w]; ``size`` is (h, w). Also for masks and depth."""
    return label if label.shape == tuple(size) else cv2.resize(label, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)


def grid_index(cells: int, side: int) -> np.ndarray:
    """The pixel in the middle of each cell of a grid over ``side`` pixels: int64 [cells]."""
    return ((2 * np.arange(cells) + 1) * side) // (2 * cells)


def resized_crop(image: np.ndarray, size: Sequence[int], box: Box) -> np.ndarray:
    """The region ``box`` of the image resized to ``size`` (h, w): the same pixels, without resizing what lies beyond it.

    Args:
        image: uint8 [H, W, 3].
        size: (h, w) of the whole resized image.
        box: region of the resized image.
    """
    if image.shape[:2] == tuple(size):
        return image[box.slices]
    top, rows = _source_span(image.shape[0], size[0], box.y1, box.y2)
    left, columns = _source_span(image.shape[1], size[1], box.x1, box.x2)
    # With factors instead of a size, OpenCV keeps the ratio of the whole image.
    part = cv2.resize(image[rows, columns], None, fx=size[1] / image.shape[1], fy=size[0] / image.shape[0], interpolation=cv2.INTER_LINEAR)
    return part[box.y1 - top : box.y2 - top, box.x1 - left : box.x2 - left]


def _source_span(length: int, resized: int, start: int, stop: int) -> tuple[int, slice]:
    """Which pixels of one axis of the source give the pixels [start, stop) of the resized axis.

    Returns:
        the resized pixel that the span begins with, and the span in the source. It begins at 0 unless one length is a
        multiple of the other: elsewhere, OpenCV would round the positions of a later beginning differently.
    """
    end = math.ceil(stop * length / resized) + 1  # a neighbour to interpolate with
    if length % resized and resized % length:
        return 0, slice(0, end)
    factor = max(resized // length, 1)
    first = max(start - factor, 0) // factor * factor  # one source pixel earlier, also a neighbour
    return first, slice(first * length // resized, end)
