"""Where a training crop lies in its image, and how its strong view was bent: what maps of the one become maps of the other by.

Both travel from the loader as small tensors of numbers and are plain values everywhere else.

Letters: (H, W) crop; sizes are (height, width), pixels.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import torch
from torch import Tensor

from mmseg.structures.box import Box


@dataclass(frozen=True, kw_only=True)
class CropPlace:
    """Where a crop was cut.

    Attributes:
        native: size of the image file.
        resized: size of the whole image that the crop was cut from.
        box: the region of the resized image.
        crop: (H, W), larger than the box where the crop is padded at the bottom and on the right.
        flipped: whether the region was mirrored left and right, before it was padded.
    """

    native: tuple[int, int]
    resized: tuple[int, int]
    box: Box
    crop: tuple[int, int]
    flipped: bool

    def numbers(self) -> Tensor:
        """int64 [11], for the loader."""
        return torch.tensor([*self.native, *self.resized, *astuple(self.box), *self.crop, self.flipped])

    @classmethod
    def of(cls, numbers: Tensor) -> CropPlace:
        """From :meth:`numbers`, on the CPU."""
        values = numbers.tolist()
        return cls(
            native=tuple(values[:2]), resized=tuple(values[2:4]), box=Box(*values[4:8]), crop=tuple(values[8:10]), flipped=bool(values[10])
        )


NO_CUTOUT = (-1, -1, -1, -1)


@dataclass(frozen=True, kw_only=True)
class StrongGeometry:
    """How the strong view was bent, in the order in which it is replayed; 0 where a step was not drawn.

    Every step says where an output pixel is read: x and y to the right and down, from the upper left corner unless said otherwise.

    Attributes:
        flip: whether it was mirrored left and right.
        shear_x: x is read at ``x + shear_x * y``.
        shear_y: y is read at ``y + shear_y * x``.
        translate_x, translate_y: x or y is read so many pixels further.
        rotate: degrees counter-clockwise, around the middle.
        cutout: (x0, y0, x1, y1), pixels of the crop that were painted grey, ends included; None where nothing was.
    """

    flip: bool = False
    shear_x: float = 0.0
    shear_y: float = 0.0
    translate_x: int = 0
    translate_y: int = 0
    rotate: float = 0.0
    cutout: tuple[int, int, int, int] | None = None

    def numbers(self) -> Tensor:
        """float64 [10], for the loader."""
        *bends, cutout = astuple(self)
        return torch.tensor([*bends, *(cutout or NO_CUTOUT)], dtype=torch.float64)

    @classmethod
    def of(cls, numbers: Tensor) -> StrongGeometry:
        """From :meth:`numbers`, on the CPU."""
        flip, shear_x, shear_y, translate_x, translate_y, rotate, *ends = numbers.tolist()
        cutout = tuple(map(int, ends))
        return cls(
            flip=bool(flip),
            shear_x=shear_x,
            shear_y=shear_y,
            translate_x=int(translate_x),
            translate_y=int(translate_y),
            rotate=rotate,
            cutout=None if cutout == NO_CUTOUT else cutout,
        )
