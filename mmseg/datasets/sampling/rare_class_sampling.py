"""Rare class sampling: images with rare classes are drawn more often (DAFormer, CVPR 2022, §3.3).

Letters: C classes that occur in the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.several import SeveralDatasets
from mmseg.datasets.statistics.class_statistics import total_pixels
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, PositiveOrInfinite


@dataclass(frozen=True, kw_only=True)
class RareClassOptions:
    """The dictionary ``rare_class_sampling`` of a config.

    Attributes:
        min_pixels: a file can be drawn for a class that has *more* pixels than this in it, at native size.
        class_temp: temperature T; small values prefer the rare classes strongly.
        min_crop_ratio: the crop should hold more than ``min_pixels * min_crop_ratio`` pixels of the
            class, at the resized size; 0 accepts every crop.
        crop_tries: crops that are drawn until one holds enough of the class *and* no class dominates it (VFM-UDA draws 20); None
            looks for a crop that none dominates first, and for the class among such crops (DAFormer).
    """

    min_pixels: NonNegative[int]
    class_temp: PositiveOrInfinite
    min_crop_ratio: NonNegative[float] = 0.0
    crop_tries: Positive[int] | None = None

    @property
    def min_crop_pixels(self) -> float:
        return self.min_pixels * self.min_crop_ratio


@dataclass(frozen=True)
class RareClassTable:
    """From which class, and then from which files, the source samples are drawn.

    Attributes:
        classes: train ids [C], the rarest first.
        probabilities: float32 [C], sums to 1.
        files: for every class the indices of the source files that hold enough of it.
        weights: share of each of the N files in the draws, [N]; None draws the files of a class alike.
    """

    classes: np.ndarray
    probabilities: np.ndarray
    files: Mapping[int, np.ndarray]
    weights: np.ndarray | None = None

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Draws a class and then one of its files: (train id, file index)."""
        rare_class = int(rng.choice(self.classes, p=self.probabilities))
        files = self.files[rare_class]
        if self.weights is None:
            return rare_class, int(rng.choice(files))
        weights = self.weights[files]
        return rare_class, int(rng.choice(files, p=weights / weights.sum()))


def class_frequencies(stats: Sequence[Mapping]) -> dict[int, float]:
    """Share of each class among all labelled pixels of the source, the rarest first.

    Args:
        stats: mappings {train id: pixels}; an entry "file" does not count.
    """
    pixels = total_pixels(stats)
    total = sum(pixels.values())
    ordered = sorted(pixels.items(), key=lambda item: (item[1], item[0]))
    return {train_id: count / total for train_id, count in ordered}


def class_probabilities(frequencies: Sequence[float], temperature: float) -> np.ndarray:
    """Eq. 10 of DAFormer: softmax over the classes of (1 - f) / T, float32 [C]."""
    scores = (1 - np.asarray(frequencies, np.float32)) / np.float32(temperature)
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


_MAP = "Correct label_map, ignore or classes, or the labels."


def build_rare_class_table(dataset: SegmentationDataset | SeveralDatasets, options: RareClassOptions) -> RareClassTable:
    """Reads or counts the class statistics of a source data set.

    Raises:
        UserError: statistics are missing, were made for other files, or a class has no file with enough
            pixels.
    """
    statistics = dataset.class_statistics()
    if not any(statistics.pixels.values()):
        raise UserError(f"RareClassSampling: no label in {dataset.place} has a pixel of a class, all of them are ignored. {_MAP}")
    frequencies = class_frequencies([statistics.pixels])
    files = {}
    for train_id in frequencies:
        files[train_id] = np.array([index for index, pixels in statistics.files[train_id] if pixels > options.min_pixels])
        if not files[train_id].size:
            raise UserError(_no_file_text(dataset, train_id, options.min_pixels))
    classes = np.array(list(frequencies))
    probabilities = class_probabilities(list(frequencies.values()), options.class_temp)
    return RareClassTable(classes, probabilities, files, dataset.file_weights)


def _no_file_text(dataset: SegmentationDataset | SeveralDatasets, train_id: int, min_pixels: int) -> str:
    name = dataset.classes[train_id]
    return (
        f"RareClassSampling: no label in {dataset.place} has more than {min_pixels} pixels of the class '{name}'. "
        "Lower rare_class_sampling.min_pixels or add images with this class."
    )
