"""What was counted in each image of an evaluation: enough to know the mIoU of any choice of its images.

Letters: N images, K classes, R choices.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmseg.utils.errors import UserError
from mmseg.utils.products.array_file import read_arrays, write_arrays

NAMES = ("hits", "truth", "guess", "absent")
KIND = "counts of images"
FIX = "Remove it: comparisons are over seeds alone then. Evaluating the checkpoint with tools/test.py writes new counts."


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageCounts:
    """Pixels of each image by class.

    Attributes:
        classes: names of the K classes.
        hits, truth, guess: [N, K] pixels that are rightly predicted, labelled and predicted as a class; ignored pixels are left out.
        absent: bool [K], classes that have no IoU, see :class:`mmseg.evaluation.IoUMetric`.
        zero: whether a class that is neither labelled nor predicted counts 0, and not nothing.
    """

    classes: tuple[str, ...]
    hits: np.ndarray
    truth: np.ndarray
    guess: np.ndarray
    absent: np.ndarray
    zero: bool = False

    def __len__(self) -> int:
        return len(self.hits)

    def mean_iou(self, weights: np.ndarray) -> np.ndarray:
        """mIoU in percent, [R], of images that occur so often: ``weights`` [R, N]. Of all images once, it is that of the evaluation."""
        hits, truth, guess = (weights @ counts.astype(np.float64) for counts in (self.hits, self.truth, self.guess))
        with np.errstate(invalid="ignore"):  # 0 / 0 marks a class that does not occur
            iou = hits / (truth + guess - hits)
        iou = np.nan_to_num(iou) if self.zero else iou
        iou[:, self.absent] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a choice without any class has no mean
            return 100 * np.nanmean(iou, axis=1)

    @property
    def all(self) -> float:
        """mIoU of all images, percent."""
        return float(self.mean_iou(np.ones((1, len(self))))[0])

    def same_data(self, other: ImageCounts) -> bool:
        """Whether two evaluations have seen the same labels: equally many pixels of every class in every image, in one order."""
        return self.classes == other.classes and np.array_equal(self.truth, other.truth)

    def write(self, path: Path) -> None:
        """Writes them: 12 bytes for each class of each image.

        Raises:
            UserError: the folder is read-only or the disk is full.
        """
        pixels = {name: getattr(self, name).astype(np.uint32) for name in NAMES[:3]}
        write_arrays(path, KIND, {**pixels, "absent": self.absent}, {"version": 1, "classes": list(self.classes), "zero": self.zero})


def of_confusions(
    confusions: Sequence[np.ndarray], classes: Sequence[str], absent: Sequence[str] = (), *, zero: bool = False
) -> ImageCounts:
    """The counts of images, from the confusion matrix int64 [K, K] of each, rows are true classes."""
    stacked = np.stack(confusions) if confusions else np.zeros((0, len(classes), len(classes)), np.int64)
    return ImageCounts(
        classes=tuple(classes),
        hits=np.diagonal(stacked, axis1=1, axis2=2).copy(),
        truth=stacked.sum(axis=2),
        guess=stacked.sum(axis=1),
        absent=np.array([name in absent for name in classes], bool),
        zero=zero,
    )


def read_image_counts(path: Path) -> ImageCounts:
    """The counts of a file.

    Raises:
        UserError: it is missing or broken.
    """
    (hits, truth, guess, absent), header = read_arrays(path, KIND, NAMES, FIX)
    classes = header.get("classes") if isinstance(header, dict) else None
    whole = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    shapes = {array.shape for array in (hits, truth, guess)}
    kinds = all(array.dtype.kind == "u" for array in (hits, truth, guess)) and absent.dtype == bool
    if not whole or not kinds or len(shapes) != 1 or hits.ndim != 2 or absent.shape != hits.shape[1:] or len(classes) != hits.shape[1]:
        raise UserError(f"{path} holds no {KIND}. {FIX}")
    return ImageCounts(classes=tuple(classes), hits=hits, truth=truth, guess=guess, absent=absent, zero=bool(header.get("zero")))
