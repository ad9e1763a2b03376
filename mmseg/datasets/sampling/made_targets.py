"""Pseudo-labels of an earlier stage as labels of the target: hard ones, or soft maps.

Only folders of ``tools/prepare/pseudo_labels.py`` are read, whose header says so: this is no way to the labels of a data set.

Letters: K classes, (H, W) native size of an image, (h, w) soft map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmseg.datasets.annotating.label_files import read_annotation
from mmseg.datasets.classes.values import check_label_values
from mmseg.datasets.made_labels import KIND, MadeHeader, check_made_labels, made_name
from mmseg.utils.errors import BadFileError
from mmseg.utils.products.header import read_header
from mmseg.utils.products.soft_maps import read_levels


@dataclass(frozen=True)
class MadeTargets:
    """A folder of pseudo-labels of the target images.

    Attributes:
        folder: of all files.
        names: of the files, relative to it, in the order of the images.
        num_classes: K.
        stride: of soft maps, pixels per value; None where each network gives its own.
        fix: ends the errors.
    """

    folder: Path
    names: tuple[str, ...]
    num_classes: int
    stride: int | None
    fix: str

    @classmethod
    def open(cls, folder: str | Path, images: Sequence[str], classes: Sequence[str], *, soft: bool) -> MadeTargets:
        """Checks the header of a folder; no map is read.

        Args:
            folder: see above.
            images: names of the images.
            classes: names by train id.
            soft: whether soft maps are needed rather than labels.

        Raises:
            UserError: the folder holds something else, or lacks an image.
        """
        folder = Path(folder)
        header = read_header(folder, KIND, MadeHeader)
        check_made_labels(header, folder, images, classes, soft=soft)
        names = tuple(made_name(name, soft=soft) for name in images)
        fix = f"Move it elsewhere and make it again with: {header['made_by']}"
        stride = header.get("settings", {}).get("stride")
        return cls(folder, names, len(classes), stride if isinstance(stride, int) and stride > 0 else None, fix)

    def path(self, index: int) -> Path:
        """The file of an image."""
        return self.folder / self.names[index]

    def label(self, index: int, size: Sequence[int]) -> np.ndarray:
        """Hard labels of an image of (H, W) pixels: uint8 [H, W], train ids and 255.

        Raises:
            BadFileError: the file is missing, broken, of another size, or holds something else.
        """
        label = read_annotation(self.path(index), size, self.fix)
        check_label_values(label, self.num_classes, self.path(index), self.fix)
        return label

    def levels(self, index: int, size: Sequence[int]) -> np.ndarray:
        """The soft map of an image of (H, W) pixels: uint8 [K, h, w], see :mod:`mmseg.utils.products.soft_maps`.

        Raises:
            BadFileError: the file is missing, broken, of another size, or of other classes.
        """
        levels = read_levels(self.path(index))
        if len(levels) != self.num_classes:
            raise BadFileError(f"{self.path(index)} holds {len(levels)} classes, and {self.num_classes} are needed. {self.fix}")
        if not fits(levels.shape[1:], size, self.stride):
            given, wanted = ("x".join(map(str, sides[::-1])) for sides in (levels.shape[1:], tuple(size)))
            raise BadFileError(f"{self.path(index)} is a soft map of {given} values, which is none of an image of {wanted}. {self.fix}")
        return levels


def fits(small: Sequence[int], size: Sequence[int], stride: int | None) -> bool:
    """Whether a map of (h, w) values may be one of an image of (H, W) pixels.

    Args:
        small: (h, w).
        size: (H, W).
        stride: pixels per value; None for any, the same in both directions, of a network that rounds up or down.
    """
    if stride is not None:
        return tuple(small) == tuple(math.ceil(side / stride) for side in size)
    least = max(side / (values + 1) for side, values in zip(size, small, strict=True))
    most = min(side / (values - 1) if values > 1 else math.inf for side, values in zip(size, small, strict=True))
    return least <= most
