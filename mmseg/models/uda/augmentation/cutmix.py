"""CutMix across domains: a box of the source in the target (Yun et al., ICCV 2019; CPSL).

Letters: (H, W) crop.
"""

from __future__ import annotations

import numpy as np

from mmseg.structures import Box

AREA = 0.5
"""Share of the crop that a box covers."""


def draw_cutmix_box(rng: np.random.Generator, height: int, width: int) -> Box:
    """A box of half the area, of height H * 0.5^u and width W * 0.5^(1 - u) with u from 0 to 1, anywhere in the crop.

    Sides and corners are rounded to whole pixels, halves to even.

    Args:
        rng: gives u and the two positions, in this order.
        height, width: (H, W) in pixels.
    """
    split = rng.uniform()
    sides = (round(height * AREA**split), round(width * AREA ** (1 - split)))
    y1, x1 = (round(rng.uniform(0, whole - side)) for whole, side in zip((height, width), sides, strict=True))
    return Box(y1, y1 + sides[0], x1, x1 + sides[1])
