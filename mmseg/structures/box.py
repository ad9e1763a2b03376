"""All crop arithmetic: boxes, sliding windows, and blending of what windows predict.

Letters: B images, K channels, (H, W) full image, (h, w) window, N windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Box:
    """A half-open rectangle in integer pixels of one resolution: rows [y1, y2), columns [x1, x2)."""

    y1: int
    y2: int
    x1: int
    x2: int

    def __post_init__(self) -> None:
        if not (0 <= self.y1 < self.y2 and 0 <= self.x1 < self.x2):
            raise ValueError(f"{self} is empty or starts outside the image.")

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, for ``tensor[..., *box.slices]``."""
        return slice(self.y1, self.y2), slice(self.x1, self.x2)

    def crop(self, tensor: Tensor) -> Tensor:
        """Cuts the box out of the last two dimensions [..., H, W] -> [..., height, width]."""
        if self.y2 > tensor.shape[-2] or self.x2 > tensor.shape[-1]:
            raise ValueError(f"{self} does not lie inside {tuple(tensor.shape[-2:])}.")
        return tensor[..., self.y1 : self.y2, self.x1 : self.x2]

    def shifted(self, down: int, right: int) -> Box:
        """The same box so many pixels further down and to the right."""
        return Box(self.y1 + down, self.y2 + down, self.x1 + right, self.x2 + right)

    def rescaled(self, ratio: float | Fraction) -> Box:
        """The same box in the pixels of another resolution.

        Args:
            ratio: new size over old size, e.g. 1/8 for the features of stride 8.

        Raises:
            ValueError: a corner does not land on a whole pixel.
        """
        ratio = Fraction(ratio).limit_denominator(4096)
        corners = [c * ratio for c in (self.y1, self.y2, self.x1, self.x2)]
        if any(c.denominator != 1 for c in corners):
            fix = f"Use a crop size and offset divisible by {ratio.denominator}."
            raise ValueError(f"{self} does not land on whole pixels at ratio {ratio}. {fix}")
        return Box(*(int(c) for c in corners))

    def truncated(self, ratio: float | Fraction) -> Box:
        """As :meth:`rescaled`, but a corner between two pixels moves up or left to the nearer whole one.

        Args:
            ratio: new size over old size.

        Raises:
            ValueError: nothing is left of the box.
        """
        ratio = Fraction(ratio).limit_denominator(4096)
        return Box(*(int(c * ratio) for c in (self.y1, self.y2, self.x1, self.x2)))


def full_box(height: int, width: int) -> Box:
    """The box that covers a whole image of (height, width) pixels."""
    return Box(0, height, 0, width)


def sliding_boxes(height: int, width: int, window: Sequence[int], stride: Sequence[int]) -> list[Box]:
    """Windows that cover an image, row by row; the last of each row and column is shifted inwards.

    Args:
        height, width: image size in pixels.
        window: (h, w) of one window; larger than the image means the whole image.
        stride: (vertical, horizontal) distance between windows, in pixels.
    """
    (h, w), (down, right) = (min(window[0], height), min(window[1], width)), stride
    tops, lefts = _starts(height - h, down), _starts(width - w, right)
    return [Box(top, top + h, left, left + w) for top in tops for left in lefts]


def _starts(last: int, step: int) -> list[int]:
    """Multiples of ``step`` from 0 to below ``last``, and ``last`` itself, where the shifted window starts."""
    return [*range(0, last, step), last]


def crop_windows(image: Tensor, boxes: Sequence[Box]) -> Tensor:
    """Cuts N windows of equal size: [B, K, H, W] -> [N*B, K, h, w], window by window."""
    return torch.cat([box.crop(image) for box in boxes])


def blend_windows(windows: Tensor, boxes: Sequence[Box], height: int, width: int) -> Tensor:
    """Averages overlapping windows into one map.

    Args:
        windows: [N*B, K, h, w], window by window as :func:`crop_windows` cuts them.
        boxes: N boxes in the pixels of the map; together they must cover it.
        height, width: size of the map.

    Returns:
        [B, K, height, width]: at every pixel the mean over the windows that contain it.

    Raises:
        ValueError: the boxes leave a gap.
    """
    return average_windows(windows.split(windows.shape[0] // len(boxes)), boxes, height, width)


def average_windows(windows: Iterable[Tensor], boxes: Sequence[Box], height: int, width: int) -> Tensor:
    """:func:`blend_windows` of N windows [B, K, h, w] that come one after the other and need not exist at the same time."""
    _check_coverage(boxes, height, width)
    total = count = None
    for window, box in zip(windows, boxes, strict=True):
        if total is None:
            total = window.new_zeros(*window.shape[:2], height, width)
            count = window.new_zeros(1, 1, height, width)
        box.crop(total).add_(window)
        box.crop(count).add_(1)
    return total.div_(count)


def _check_coverage(boxes: Sequence[Box], height: int, width: int) -> None:
    """On the boxes and not on the count: reading that would wait for the device, and cannot be exported."""
    covered = np.zeros((height, width), dtype=bool)
    for box in boxes:
        covered[box.slices] = True
    if not covered.all():
        raise ValueError("The windows do not cover the image. Use a stride that is not larger than the window.")
