"""Resizing that keeps the aspect ratio: image bilinear, labels and masks nearest.

Letters: (H, W) before, (h, w) after.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mmseg.structures import Box


def keep_ratio_size(size: Sequence[int], scale: Sequence[int]) -> tuple[int, int]:
    """The largest size with the aspect ratio of ``size`` that fits into ``scale``.

    Args:
        size: (H, W) of the image, pixels.
        scale: two limits in pixels, in any order: the longer one bounds the longer side of the image,
            the shorter one its shorter side (so a portrait image is not squeezed).

    Returns:
        (h, w); each side is ``int(side * ratio + 0.5)``, e.g. 1052 x 1914 into 2560 x 1440 is 1407 x 2560.
    """
    height, width = size
    ratio = min(max(scale) / max(height, width), min(scale) / min(height, width))
    return int(height * ratio + 0.5), int(width * ratio + 0.5)


def resize_image(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Bilinear: uint8 [H, W, 3] -> uint8 [h, w, 3]; ``size`` is (h, w)."""
    return image if image.shape[:2] == tuple(size) else cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)


def resize_label(label: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Nearest: uint8 [H, W] -> uint8 [h, w]; ``size`` is (h, w). Also for masks."""
    return label if label.shape == tuple(size) else cv2.resize(label, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)


def resized_crop(image: np.ndarray, size: Sequence[int], box: Box) -> np.ndarray:
    """The region ``box`` of the image resized to ``size`` (h, w).

    The whole image is resized. A version that resizes only the rows and columns under the box belongs
    here; it has to return the same pixels.
    """
    return resize_image(image, size)[box.slices]
