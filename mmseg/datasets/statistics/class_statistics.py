"""Pixels of every class in the labels of a source, for rare-class sampling, and how they are read from the converters' files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.statistics.files import CLASS_FILE, STATS_FILE, read_statistics
from mmseg.utils.errors import UserError


class ConvertedLabels(Protocol):
    """What the statistics need to know of a data set.

    Attributes:
        data_root: the folder of the statistics files.
        label_folder: that of the labels, below it.
        label_names: the labels' paths from there, in the order of the data set.
        partial: whether the labels are some of those that the statistics are about.
        statistics_hint: the sentence that says how to make the statistics.
    """

    data_root: Path
    label_folder: Path
    label_names: Sequence[str]
    partial: bool
    statistics_hint: str


@dataclass(frozen=True)
class ClassStatistics:
    """What the labels of a data set contain.

    Attributes:
        pixels: of every class that occurs, by train id, in all labels together, at native size.
        files: for every such class the files that have it: (file index, pixels).
    """

    pixels: Mapping[int, int]
    files: Mapping[int, Sequence[tuple[int, int]]]

    def mapped(self, lut: np.ndarray) -> ClassStatistics:
        """The same in other train ids: ``lut`` [256] has different ones for different classes, or ``IGNORE``."""
        new = {train_id: int(lut[train_id]) for train_id in self.pixels if lut[train_id] != IGNORE}
        return ClassStatistics({new[old]: self.pixels[old] for old in new}, {new[old]: self.files[old] for old in new})


def total_pixels(stats: Iterable[Mapping]) -> dict[int, int]:
    """Sums mappings {train id: pixels}; an entry "file" does not count."""
    pixels: dict[int, int] = {}
    for key, count in (item for entry in stats for item in entry.items() if item[0] != "file"):
        pixels[int(key)] = pixels.get(int(key), 0) + count
    return pixels


def counted(by_file: Sequence[Mapping[int, int]]) -> ClassStatistics:
    """From the pixels {train id: pixels} of each file, in the order of the data set."""
    files: dict[int, list[tuple[int, int]]] = {}
    for index, pixels in enumerate(by_file):
        for train_id, count in pixels.items():
            files.setdefault(train_id, []).append((index, count))
    files = dict(sorted(files.items()))
    return ClassStatistics(total_pixels(by_file), files)


def merged(statistics: Sequence[ClassStatistics], starts: Sequence[int]) -> ClassStatistics:
    """Of several data sets one after the other; ``starts`` are the indices of their first files."""
    files: dict[int, list[tuple[int, int]]] = {}
    for part, start in zip(statistics, starts, strict=True):
        for train_id, found in part.files.items():
            files.setdefault(train_id, []).extend((start + index, count) for index, count in found)
    return ClassStatistics(total_pixels([part.pixels for part in statistics]), files)


def read_converted(dataset: ConvertedLabels) -> ClassStatistics:
    """Reads the JSON files that a converter wrote at the data root.

    Raises:
        UserError: they are missing or broken, or were made for other files.
    """
    stats, samples = read_statistics(dataset.data_root, dataset.statistics_hint)
    indices = _file_indices(dataset, [entry["file"] for entry in stats])
    pixels = total_pixels(entry["pixels"] for entry in stats if indices[entry["file"]] is not None)
    files = {}
    for train_id in pixels:
        found = [(_index_of(name, indices, dataset), count) for name, count in samples.get(str(train_id), ())]
        files[train_id] = [(index, count) for index, count in found if index is not None]
    return ClassStatistics(pixels, files)


def _file_indices(dataset: ConvertedLabels, listed: Sequence[str]) -> dict[str, int | None]:
    """Maps every name of the statistics to the index of its file; both must know the same files.

    None is a file that the data set's list leaves out.
    """
    by_path = {name: index for index, name in enumerate(dataset.label_names)}
    by_base = {PurePosixPath(name).name: index for name, index in by_path.items()}
    folder = f"{dataset.label_folder.relative_to(dataset.data_root).as_posix()}/"
    indices = {}
    for name in listed:  # the published statistics carry the path from the working folder, ours from the data root
        relative, base = name.partition(folder)[2], PurePosixPath(name).name
        index = by_path.get(relative)
        if index is None and not (dataset.partial and relative):  # with a list, it may be a file of another folder that is called alike
            index = by_base.get(base)
        if index is None and not dataset.partial:
            raise UserError(_stale_text(dataset, f"names {name}, which is not among the labels"))
        indices[name] = index
    unlisted = set(range(len(dataset.label_names))) - set(indices.values())
    if unlisted:
        raise UserError(_stale_text(dataset, f"lacks {dataset.label_names[min(unlisted)]}"))
    return indices


def _index_of(name: str, indices: Mapping[str, int | None], dataset: ConvertedLabels) -> int | None:
    if name not in indices:
        raise UserError(_stale_text(dataset, f"and {CLASS_FILE} do not list the same files ({name})"))
    return indices[name]


def _stale_text(dataset: ConvertedLabels, what: str) -> str:
    return f"RareClassSampling: {dataset.data_root / STATS_FILE} {what}: the statistics are stale. {dataset.statistics_hint}"
