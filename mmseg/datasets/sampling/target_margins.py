"""Where the pseudo-labels of a target are not used: in pixels, or as shares of its images, where each of several targets has its own.

Margins in pixels are those of HRDA (Hoyer et al., ECCV 2022), shares those of VFM-UDA++ (Englert et al., 2025).

Letters: (h, w) resized image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Annotated

from annotated_types import Ge, Lt

from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Four

Percent = Annotated[float, Ge(0), Lt(100)]
"""A part of a side of an image."""

Margins = Four[Percent]
"""[top, bottom, left, right] in per cent of the height and of the width."""


def margins_in_pixels(margins: Sequence[float], size: Sequence[int]) -> list[int]:
    """Rows and columns at [top, bottom, left, right] of a resized image (h, w) whose centres lie in margins of so many per cent."""
    sides = (size[0], size[0], size[1], size[1])
    return [math.ceil(side * percent / 100 - 0.5) for side, percent in zip(sides, margins, strict=True)]


@dataclass(frozen=True)
class TargetMargins:
    """The margins of a target.

    Attributes:
        pixels: [top, bottom, left, right] of any resized image; None where they are shares, or there are none.
        shares: in per cent, of each data set of the target, None of one without; None where they are pixels, or there are none.
    """

    pixels: Sequence[int] | None
    shares: Sequence[Sequence[float] | None] | None

    @classmethod
    def of(cls, pixels: Sequence[int] | None, shares: Margins | Sequence[Margins | None] | None, parts: int) -> TargetMargins:
        """From the options of a training.

        Args:
            pixels: ``crop_pseudo_margins``.
            shares: ``target_margins``: for all data sets, or one for each.
            parts: number of data sets.

        Raises:
            UserError: both are given, there is another number of shares, or nothing is left between them.
        """
        if shares is None:
            return cls(pixels, None)
        if pixels is not None:
            raise UserError("UDADataset has crop_pseudo_margins and target_margins. Set one of them to None.")
        each = (shares,) * parts if all(isinstance(side, Real) for side in shares) else tuple(shares)
        if len(each) != parts:
            fix = "Give one [top, bottom, left, right] for all, or one for each data set, None for none"
            raise UserError(f"UDADataset: target_margins lists {len(each)} margins, but the target is {parts} data set(s). {fix}.")
        for margins in filter(None, each):
            if sum(margins[:2]) >= 100 or sum(margins[2:]) >= 100:
                text = f"UDADataset: target_margins {list(margins)} (top, bottom, left, right, in per cent) leave nothing of an image"
                raise UserError(f"{text}. Use less than 100 for both sides together.")
        return cls(None, each)

    def in_pixels(self, part: int, size: Sequence[int]) -> Sequence[int] | None:
        """[top, bottom, left, right] of a resized image (h, w) of a data set; None where no image has margins."""
        return self.pixels if self.shares is None else margins_in_pixels(self.shares[part] or (0, 0, 0, 0), size)
