"""Choosing a crop by looking at the label only.

Letters: (H, W) resized image, (h, w) crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.structures import Box

RETRIES = 10  # further crops after the first


def draw_crop_box(rng: np.random.Generator, height: int, width: int, crop_size: Sequence[int]) -> Box:
    """Draws a crop uniformly: first the row, then the column, the last offset included.

    An image smaller than the crop gives a box that ends with the image; the caller pads.
    """
    top = int(rng.integers(0, max(height - crop_size[0], 0) + 1))
    left = int(rng.integers(0, max(width - crop_size[1], 0) + 1))
    return Box(top, min(top + crop_size[0], height), left, min(left + crop_size[1], width))


def is_dominated(label: np.ndarray, max_ratio: float) -> bool:
    """Whether one class fills at least ``max_ratio`` of the labelled pixels, or is the only one.

    Args:
        label: uint8 [h, w], train ids and 255; ignored pixels do not count.
        max_ratio: share in [0, 1].
    """
    counts = cv2.calcHist([label], [0], None, [IGNORE], [0, IGNORE])  # float32, which counts up to 2**24 exactly
    return np.count_nonzero(counts) < 2 or counts.max() >= max_ratio * counts.sum()


def choose_crop(rng: np.random.Generator, label: np.ndarray, crop_size: Sequence[int], max_ratio: float = 1.0) -> Box:
    """Draws a crop that no class dominates; after 10 further draws the last one is taken unchecked.

    Args:
        label: uint8 [H, W] at the size that is cropped.
        max_ratio: see :func:`is_dominated`; 1 accepts every crop.
    """
    box = draw_crop_box(rng, *label.shape, crop_size)
    if max_ratio >= 1:
        return box
    for _ in range(RETRIES):
        if not is_dominated(label[box.slices], max_ratio):
            break
        box = draw_crop_box(rng, *label.shape, crop_size)
    return box


def holds(label: np.ndarray, train_id: int, min_pixels: float) -> bool:
    """Whether more than ``min_pixels`` pixels of a label have the class."""
    return np.count_nonzero(label == train_id) > min_pixels


def choose_rare_class_crop(
    rng: np.random.Generator,
    label: np.ndarray,
    crop_size: Sequence[int],
    max_ratio: float,
    rare_class: int,
    min_pixels: float,
    tries: int | None = None,
) -> Box:
    """Repeats :func:`choose_crop` up to 10 times until the crop holds the rare class (DAFormer, §3.3).

    Args:
        rare_class: train id that the file was drawn for.
        min_pixels: the crop is good with *more* than this many pixels of the class; 0 or less accepts
            the first crop. The last crop is taken unchecked.
        tries: crops of which the first that holds the class and is not dominated is taken, else the last; None for the above.
    """
    if tries is not None:
        for _ in range(tries):
            box = draw_crop_box(rng, *label.shape, crop_size)
            if holds(label[box.slices], rare_class, min_pixels) and not is_dominated(label[box.slices], max_ratio):
                break
        return box
    box = choose_crop(rng, label, crop_size, max_ratio)
    if min_pixels <= 0:
        return box
    for _ in range(RETRIES):
        if holds(label[box.slices], rare_class, min_pixels):
            break
        box = choose_crop(rng, label, crop_size, max_ratio)
    return box
