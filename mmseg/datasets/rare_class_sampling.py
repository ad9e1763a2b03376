"""Rare class sampling: images with rare classes are drawn more often (DAFormer, CVPR 2022, §3.3).

Letters: C classes that occur in the source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.conversion import CLASS_FILE, STATS_FILE
from mmseg.utils.errors import UserError
from mmseg.utils.files import read_json


@dataclass(frozen=True, kw_only=True)
class RareClassOptions:
    """The dictionary ``rare_class_sampling`` of a config.

    Attributes:
        min_pixels: a file can be drawn for a class that has *more* pixels than this in it, at native size.
        class_temp: temperature T; small values prefer the rare classes strongly.
        min_crop_ratio: the crop should hold more than ``min_pixels * min_crop_ratio`` pixels of the
            class, at the resized size; 0 accepts every crop.
    """

    min_pixels: int
    class_temp: float
    min_crop_ratio: float = 0.0

    def __post_init__(self) -> None:
        if self.class_temp <= 0:
            raise UserError(f"rare_class_sampling: class_temp is {self.class_temp}. Use a value above 0, such as 0.01.")

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
    """

    classes: np.ndarray
    probabilities: np.ndarray
    files: Mapping[int, np.ndarray]

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Draws a class and then one of its files: (train id, file index)."""
        rare_class = int(rng.choice(self.classes, p=self.probabilities))
        return rare_class, int(rng.choice(self.files[rare_class]))


def class_frequencies(stats: Sequence[Mapping]) -> dict[int, float]:
    """Share of each class among all labelled pixels of the source, the rarest first.

    Args:
        stats: one mapping {train id: pixels, "file": name} per label file.
    """
    pixels: dict[int, int] = {}
    for entry in stats:
        for key, count in entry.items():
            if key != "file":
                pixels[int(key)] = pixels.get(int(key), 0) + count
    total = sum(pixels.values())
    ordered = sorted(pixels.items(), key=lambda item: (item[1], item[0]))
    return {train_id: count / total for train_id, count in ordered}


def class_probabilities(frequencies: Sequence[float], temperature: float) -> np.ndarray:
    """Eq. 10 of DAFormer: softmax over the classes of (1 - f) / T, float32 [C]."""
    scores = (1 - np.asarray(frequencies, np.float32)) / np.float32(temperature)
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def build_rare_class_table(dataset: SegmentationDataset, options: RareClassOptions) -> RareClassTable:
    """Reads the statistics of a source data set.

    Raises:
        UserError: statistics are missing, were made for other files, or a class has no file with enough
            pixels.
    """
    stats, samples = _read_statistics(dataset, STATS_FILE), _read_statistics(dataset, CLASS_FILE)
    indices = _file_indices(dataset, [entry["file"] for entry in stats])
    frequencies = class_frequencies(stats)
    files = {}
    for train_id in frequencies:
        names = [name for name, pixels in samples.get(str(train_id), []) if pixels > options.min_pixels]
        if not names:
            raise UserError(_no_file_text(dataset, train_id, options.min_pixels))
        files[train_id] = np.array([_index_of(name, indices, dataset) for name in names])
    classes = np.array(list(frequencies))
    return RareClassTable(classes, class_probabilities(list(frequencies.values()), options.class_temp), files)


def _read_statistics(dataset: SegmentationDataset, name: str):
    path = dataset.data_root / name
    if not path.exists():
        raise UserError(f"RareClassSampling needs class statistics, but {path} does not exist. {dataset.convert_hint}")
    return read_json(path, dataset.convert_hint)


def _no_file_text(dataset: SegmentationDataset, train_id: int, min_pixels: int) -> str:
    name = dataset.classes[train_id]
    return (
        f"RareClassSampling: no label in {dataset.data_root} has more than {min_pixels} pixels of the class '{name}'. "
        "Lower rare_class_sampling.min_pixels or add images with this class."
    )


def _file_indices(dataset: SegmentationDataset, listed: Sequence[str]) -> dict[str, int]:
    """Maps every name of the statistics to the index of its file; both must know the same files."""
    by_path = {name: index for index, name in enumerate(dataset.label_names)}
    by_base = {PurePosixPath(name).name: index for name, index in by_path.items()}
    folder = f"{dataset.label_folder.relative_to(dataset.data_root).as_posix()}/"
    indices = {}
    for name in listed:  # the published statistics carry the path from the working folder, ours from the data root
        base = PurePosixPath(name).name
        index = by_path.get(name.partition(folder)[2], by_base.get(base))
        if index is None:
            raise UserError(_stale_text(dataset, f"names {name}, which is not among the labels"))
        indices[name] = index
    unlisted = set(range(len(dataset))) - set(indices.values())
    if unlisted:
        raise UserError(_stale_text(dataset, f"lacks {dataset.label_names[min(unlisted)]}"))
    return indices


def _index_of(name: str, indices: Mapping[str, int], dataset: SegmentationDataset) -> int:
    if name not in indices:
        raise UserError(_stale_text(dataset, f"and {CLASS_FILE} do not list the same files ({name})"))
    return indices[name]


def _stale_text(dataset: SegmentationDataset, what: str) -> str:
    return f"RareClassSampling: {dataset.data_root / STATS_FILE} {what}: the statistics are stale. {dataset.convert_hint}"
