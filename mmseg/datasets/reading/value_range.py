"""From the values of a camera, of more than 8 bits, to the grey levels 0 to 255 that networks see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from mmseg.utils.errors import UserError

Depth = Annotated[int, Ge(8), Le(16)]
"""Bits of a value that a camera fills."""


@dataclass(frozen=True)
class ValueRange:
    """Which values of an image become 0 and 255.

    Attributes:
        low, high: the two values.
        clip: whether what lies outside becomes 0 or 255; an error otherwise.
    """

    low: float
    high: float
    clip: bool

    def grey_levels(self, values: np.ndarray) -> np.ndarray:
        """uint8 of numbers of any type and shape, rounded to the nearest level.

        Raises:
            ValueError: a value is not a number, or lies outside and is not to be clipped; the text ends a sentence "the file …".
        """
        low, high = float(values.min()), float(values.max())
        if np.isnan(low):
            raise ValueError("holds values that are not a number")
        if not self.clip and (low < self.low or high > self.high):
            raise ValueError(f"holds values from {low:g} to {high:g}, outside {self.low:g} to {self.high:g}")
        scaled = (np.clip(values, self.low, self.high).astype(np.float64) - self.low) * (255 / (self.high - self.low))
        return scaled.round().astype(np.uint8)


def value_range(depth: int | None, limits: Sequence[float] | None, owner: str) -> ValueRange | None:
    """The range that the options ``depth`` and ``range`` of a data set mean; None where neither is given.

    Raises:
        UserError: both are given, or one makes no sense; ``owner`` opens the text.
    """
    if depth is None and limits is None:
        return None
    if depth is not None and limits is not None:
        raise UserError(f"{owner} has both depth={depth!r} and range={limits!r}. Take out one of them.")
    if depth is not None:
        if isinstance(depth, bool) or not isinstance(depth, int) or not 8 <= depth <= 16:
            raise UserError(f"{owner} has depth={depth!r}. Use the number of bits that the camera fills, from 8 to 16.")
        return ValueRange(0, (1 << depth) - 1, clip=False)
    numbers = isinstance(limits, (list, tuple)) and len(limits) == 2 and all(isinstance(limit, (int, float)) for limit in limits)
    if not numbers or not limits[0] < limits[1]:
        raise UserError(f"{owner} has range={limits!r}. Use range=(low, high), the values that become 0 and 255.")
    return ValueRange(float(limits[0]), float(limits[1]), clip=True)


def depth_advice(values: np.ndarray) -> str:
    """What the owner of an image of more than 8 bits has to say, from its values: a full sentence."""
    low, high = values.min(), values.max()
    text = f"range=({low:g}, {high if high > low else low + 1:g})"
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        depth = max(int(high).bit_length(), 8)
        text = f"depth={depth} if its camera fills {depth} bits, or the values that become 0 and 255, such as {text},"
    return f"Set {text} in the dictionary of its data set (for photos of your own: val_dataloader.dataset)"
