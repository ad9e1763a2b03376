"""How right pseudo-labels are, and how many pixels have one: compared with the labels of images that have some.

Letters: K classes, (H, W) native size of an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.sampling.made_targets import MadeTargets
from mmseg.datasets.several import SeveralDatasets
from mmseg.utils.computing.progress import progress


def compare(made: np.ndarray, truth: np.ndarray, num_classes: int) -> np.ndarray:
    """Pixels by true class and pseudo-label.

    Args:
        made: uint8 [H, W], train ids and 255.
        truth: uint8 [H, W], train ids and 255; what is 255 there is not counted.
        num_classes: K.

    Returns:
        int64 [K, K + 1]; the last column counts pixels without a pseudo-label.
    """
    known = truth != IGNORE
    columns = np.where(made == IGNORE, num_classes, made)[known].astype(np.int64)
    pairs = truth[known].astype(np.int64) * (num_classes + 1) + columns
    return np.bincount(pairs, minlength=num_classes * (num_classes + 1)).reshape(num_classes, num_classes + 1)


@dataclass(frozen=True)
class LabelQuality:
    """What a comparison says of a folder of pseudo-labels.

    Attributes:
        pixels: int64 [N, K, K + 1] of :func:`compare`, by image.
    """

    pixels: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Over all images: int64 [K, K + 1]."""
        return self.pixels.sum(axis=0)

    @property
    def precision(self) -> float:
        """Share of the labelled pixels whose label is true; NaN without any."""
        return _share(np.trace(self.total), self.total[:, :-1].sum())

    @property
    def coverage(self) -> float:
        """Share of the pixels that have a label."""
        return _share(self.total[:, :-1].sum(), self.total.sum())

    @property
    def class_precision(self) -> list[float]:
        """By pseudo-label, [K]; NaN for one that is nowhere."""
        return [_share(right, given) for right, given in zip(np.diagonal(self.total), self.total[:, :-1].sum(axis=0), strict=True)]

    @property
    def class_coverage(self) -> list[float]:
        """By true class, [K]; NaN for one that no image shows."""
        return [_share(row[:-1].sum(), row.sum()) for row in self.total]

    def covered(self) -> np.ndarray:
        """Labelled pixels of every image, int64 [N]."""
        return self.pixels[:, :, :-1].sum(axis=(1, 2))

    def as_dict(self, classes: Sequence[str]) -> dict[str, Any]:
        """For JSON; None in place of NaN."""
        shares = {"precision": self.class_precision, "coverage": self.class_coverage}
        by_class = {name: dict(zip(classes, map(_or_none, values), strict=True)) for name, values in shares.items()}
        return {"precision": _or_none(self.precision), "coverage": _or_none(self.coverage), "classes": by_class}


def _share(part: int, whole: int) -> float:
    return float(part) / float(whole) if whole else float("nan")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def measure(dataset: SegmentationDataset | SeveralDatasets, folders: Sequence[Path]) -> list[LabelQuality]:
    """Compares the pseudo-labels of some folders with the labels of a data set.

    Args:
        dataset: of :func:`mmseg.apis.preparing.images.labelled_images_of`, with labels.
        folders: of ``tools/prepare/pseudo_labels.py``, of hard labels of all of its images.

    Raises:
        UserError: a folder holds something else, or lacks an image.
    """
    classes, names = dataset.classes, dataset.images.names
    opened = [MadeTargets.open(folder, names, classes, soft=False) for folder in folders]
    found: list[list[np.ndarray]] = [[] for _ in folders]
    for index in progress(range(len(dataset)), "Comparing"):
        truth = dataset[index]["label"].numpy()  # as predictions are compared with it, also where images are padded
        for pixels, made in zip(found, opened, strict=True):
            pixels.append(compare(made.label(index, truth.shape), truth, len(classes)))
    return [LabelQuality(np.stack(pixels)) for pixels in found]
