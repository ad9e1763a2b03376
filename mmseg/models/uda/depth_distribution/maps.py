"""Maps of pixels at the size of a network's map, and the two units of depth.

Letters: B images, (H, W) crop, (h, w) the map of the depth head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, repeat
from typing import Literal

import torch
from torch import Tensor

Units = Literal["raw", "normalized"]
FARTHEST, NEAREST = 1.0, 65536.0
"""Inverse depth of what a 16-bit file in centimetres can say: 65535 (the sky) and 0."""


def nearest_index(length: int, size: int) -> list[int]:
    """Which of ``length`` pixels each of ``size`` shows: floor((i + 0.5) * length / size) as Pillow computes it.

    It adds the step up in floating point, so that an exact half may fall on the pixel before: of 1280 columns, the middle one of 161 is
    number 639.
    """
    step = length / size
    return [int(place) for place in accumulate(repeat(step, size - 1), initial=step / 2)]


def at_map(values: Tensor, size: Sequence[int]) -> Tensor:
    """Nearest neighbours: [B, H, W] -> [B, *size]."""
    rows, columns = (
        torch.tensor(nearest_index(length, side)).to(values.device, non_blocking=True)
        for length, side in zip(values.shape[1:], size, strict=True)
    )
    return values[:, rows[:, None], columns]


def learned_depth(inverse_depth: Tensor, units: Units) -> Tensor:
    """What the depth branch learns, of inverse depth z in [1, 65536]: z itself, or log z in [0, 11.1]; 0 where z is unknown (0)."""
    return inverse_depth if units == "raw" else inverse_depth.clamp(min=FARTHEST).log()


def inverse_depth(predicted: Tensor, units: Units) -> Tensor:
    """z of what a depth branch predicts; of a logarithm in [1, 65536], of z itself what it says."""
    return predicted if units == "raw" else predicted.clamp(0, math.log(NEAREST)).exp()
