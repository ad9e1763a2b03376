"""A crop of a target image: drawn from the streams of its sample and the size of the image, the same for every map of it.

Letters: (H, W) crop, (h, w) resized image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from mmseg.datasets import transforms
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.cropping.finishing import draw_flip, finish_image, finish_mask
from mmseg.structures import Box, CropPlace
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams


@dataclass(frozen=True)
class TargetCrop:
    """Where a crop lies.

    Attributes:
        options: how target images are resized and cut.
        size: (h, w) of the resized image.
        box: the region of it.
        flipped: whether it is mirrored.
    """

    options: CropOptions
    size: tuple[int, int]
    box: Box
    flipped: bool

    @classmethod
    def draw(cls, options: CropOptions, native: Sequence[int], streams: Streams) -> TargetCrop:
        """Draws the crop of an image of ``native`` (height, width) without looking at it.

        Raises:
            UserError: the crop does not fit.
        """
        size = options.resized(native, streams.numpy("target.scale"))
        options.check_fits(size)
        box = transforms.draw_crop_box(streams.numpy("target.crop"), *size, options.crop_size)
        return cls(options, size, box, draw_flip(streams.numpy("target.flip"), options.flip_prob))

    def place(self, native: Sequence[int]) -> CropPlace:
        """Where it lies in an image of ``native`` (height, width)."""
        given = {"native": tuple(native), "resized": tuple(self.size), "crop": tuple(self.options.crop_size)}
        return CropPlace(**given, box=self.box, flipped=self.flipped)

    def image(self, image: np.ndarray) -> dict:
        """The crop of a BGR image, see :func:`finish_image`."""
        return finish_image(
            self.options.cut(image, self.size, self.box), self.options.crop_size, self.flipped, black=self.options.pad == "black"
        )

    def annotation(self, label: np.ndarray) -> Tensor:
        """The crop of train ids at the native size: uint8 [H, W], 255 where padded."""
        resized = self.options.resize_label(label, self.size)
        return finish_mask(resized[self.box.slices], self.options.crop_size, self.flipped, fill=IGNORE)

    def valid(self, margins: Sequence[int]) -> Tensor:
        """Which pixels lie within the margins [top, bottom, left, right] of the resized image: uint8 [H, W], 0 where padded.

        The published code pads this mask with 255, which would multiply the weight; padding gets no weight here.
        """
        top, bottom, left, right = margins
        if top + bottom >= self.size[0] or left + right >= self.size[1]:
            raise UserError(
                f"crop_pseudo_margins {list(margins)} (top, bottom, left, right) leave nothing of the "
                f"{self.size[1]}x{self.size[0]} target image. Use smaller margins."
            )
        valid = transforms.margin_mask(*self.size, margins)[self.box.slices]
        return finish_mask(valid, self.options.crop_size, self.flipped, fill=0)
