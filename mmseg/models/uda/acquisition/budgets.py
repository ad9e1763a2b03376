"""How many regions or pixels of an image an oracle is asked for in a round (RIPU, Xie et al., CVPR 2022).

Letters: (H, W) pixels of the image at the resolution at which labels are given.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from mmseg.utils.errors import UserError

PUBLISHED_RATIO = (2048 * 1024) / (1280 * 640)
"""Pixels of an image of Cityscapes for one of the published network's input: 2.56."""


def regions_per_round(size: tuple[int, int], *, share: float, rounds: int, radius: int) -> int:
    """ceil(H * W * (share / rounds) / (2 * radius + 1)^2), in float32 as published.

    The rounds are rounded up one by one: 2.2 % of 1024x2048 in five rounds of 3x3 pixels are 1026 regions each, at most 2.2016 %.

    Args:
        size: (H, W).
        share: of the pixels that is labelled in all rounds together, above 0 and up to 1.
        rounds: of the training.
        radius: of a region in pixels.

    Raises:
        UserError: the share is no budget.
    """
    if not 0 < share <= 1:
        raise UserError(f"A budget of {100 * share:g} % of the pixels is not possible. Use a share above 0 and up to 1, such as 0.022.")
    pixels = np.float32(size[0] * size[1]) * np.float32(share / rounds)
    return math.ceil(pixels / np.float32((2 * radius + 1) ** 2))


def pixels_per_round(
    size: tuple[int, int], *, pixels: int, rounds: int, counted_at: Literal["published", "annotation"] = "published"
) -> int:
    """How many single pixels are labelled in a round.

    Args:
        size: (H, W).
        pixels: per image in all rounds together.
        rounds: of the training.
        counted_at: 'published' counts ``pixels`` in an input of 1280x640 pixels and labels 2.56 times as many, the ratio of 2048x1024 to
            it, whatever the size: 40 are 21 in each of five rounds, of which a resize to the input keeps about 40. 'annotation'
            labels as many as are asked for, rounded up in every round.

    Raises:
        UserError: that is no pixel, or more than the image has.
    """
    published, available = counted_at == "published", size[0] * size[1] // rounds
    largest = math.floor(available * rounds / (PUBLISHED_RATIO if published else 1))
    if not 0 < pixels <= largest:
        raise UserError(f"A budget of {pixels} pixels of an image of {size[1]}x{size[0]} is not possible. Use 1 to {largest} pixels.")
    # The published expression with its order: another one is rounded differently, and up where it should not be.
    return math.ceil(pixels / rounds / (1280 * 640) * (2048 * 1024) if published else pixels / rounds)
