"""Source images in the colours of random target images."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.several import SeveralImageFiles
from mmseg.datasets.transforms import LabStatistics, lab_transfer, to_lab
from mmseg.utils.randomness import Streams


@dataclass(frozen=True)
class ColorTransfer:
    """Gives every source image mean and deviation of a target image in CIELAB, which is drawn for it alone.

    Attributes:
        images: of the target.
    """

    images: ImageFiles | SeveralImageFiles
    _known: dict[int, LabStatistics] = field(default_factory=dict)  # six numbers of each image that was looked at

    def draw(self, streams: Streams) -> int:
        """Index of the target image of a sample."""
        return int(streams.numpy("source.lab_transfer").integers(len(self.images)))

    def apply(self, image: np.ndarray, streams: Streams) -> np.ndarray:
        """uint8 BGR [H, W, 3] of the source -> the same size."""
        index = self.draw(streams)
        if index not in self._known:
            self._known[index] = LabStatistics.of(to_lab(self.images.read(index)))
        return lab_transfer(image, self._known[index])
