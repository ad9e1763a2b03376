"""Pixels of the 7 categories in the raw labels of a data set, counted the first time and then read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from mmseg.datasets.classes.categories import RawCategories
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import read_encoded
from mmseg.datasets.statistics.class_statistics import ClassStatistics, counted
from mmseg.datasets.statistics.label_counts import count_labels
from mmseg.utils.errors import UserError


class RawLabels(Protocol):
    """What is counted.

    Attributes:
        raw: what the ids mean.
        data_root: gets the counts, of raw ids.
        label_folder: of the labels.
        label_names: their paths from there.
    """

    raw: RawCategories
    data_root: Path
    label_folder: Path
    label_names: Sequence[str]


class ReadIds:
    """Decodes a label file to raw ids; a class, so that processes can be given it."""

    def __init__(self, raw: RawCategories) -> None:
        self.raw = raw

    def __call__(self, path: Path) -> np.ndarray:
        return self.raw.ids(read_encoded(path))


def count_categories(dataset: RawLabels) -> ClassStatistics:
    """The statistics of a data set whose labels are raw ones.

    Raises:
        UserError: a label is broken or of another data set, or the counts cannot be written.
    """
    try:
        counts = count_labels(dataset.label_folder, dataset.label_names, dataset.data_root, ReadIds(dataset.raw))
    except OSError as error:
        text = f"The pixels of the categories cannot be noted in {dataset.data_root} ({error.strerror})"
        raise UserError(f"{text}. Make the folder writable, or leave rare_class_sampling out.") from None
    paths = [dataset.label_folder / name for name in dataset.label_names]
    return counted([category_pixels(found, dataset.raw, path) for found, path in zip(counts, paths, strict=True)])


def category_pixels(counts: Mapping[int, int], raw: RawCategories, path: Path) -> dict[int, int]:
    """From {raw id: pixels} of the label file ``path`` to {category: pixels}, without what is ignored."""
    pixels: dict[int, int] = {}
    for category, count in zip(raw.convert(np.array(list(counts), np.int64), path).tolist(), counts.values(), strict=True):
        if category != IGNORE:
            pixels[category] = pixels.get(category, 0) + count
    return dict(sorted(pixels.items()))
