"""Several data sets as one, such as GTA and SYNTHIA as the source of one training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from mmseg.datasets.base import SegmentationDataset, class_info, without_labels
from mmseg.datasets.reading.encoded import Encoded
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.reading.value_range import ValueRange
from mmseg.datasets.statistics.class_statistics import ClassStatistics, merged
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive


@dataclass(frozen=True)
class Joined:
    """Counts files of several lists on: those of the second follow those of the first."""

    sizes: tuple[int, ...]

    @cached_property
    def starts(self) -> np.ndarray:
        """Index of the first file of each list."""
        return np.cumsum((0, *self.sizes[:-1]))

    def place(self, index: int) -> tuple[int, int]:
        """(list, index in it) of a file."""
        part = int(np.searchsorted(self.starts, index, side="right")) - 1
        return part, index - int(self.starts[part])

    def __len__(self) -> int:
        return sum(self.sizes)


@dataclass(frozen=True)
class SeveralImageFiles:
    """The images of several domains and nothing else, like :class:`ImageFiles`.

    Attributes:
        parts: one for each domain.
        weights: of the parts in the draws, up to a common factor; None draws all files alike.
    """

    parts: tuple[ImageFiles, ...]
    weights: tuple[float, ...] | None = None

    @cached_property
    def file_weights(self) -> np.ndarray | None:
        """Share of every file in the draws: that of its part, divided among its files. [N], sums to 1; None where all files are alike."""
        if self.weights is None:
            return None
        shares = np.repeat(np.array(self.weights) / np.maximum(self.order.sizes, 1), self.order.sizes)
        return shares / shares.sum()

    def part_number(self, index: int) -> int:
        """Which of the parts a file belongs to."""
        return self.order.place(index)[0]

    @cached_property
    def order(self) -> Joined:
        return Joined(tuple(len(part) for part in self.parts))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Paths relative to the folder of each part."""
        return tuple(name for part in self.parts for name in part.names)

    def __len__(self) -> int:
        return len(self.order)

    def chosen(self, indices: Iterable[int]) -> SeveralImageFiles:
        """The images with these indices, which ascend."""
        places = [self.order.place(index) for index in indices]
        parts = (part.chosen(index for number, index in places if number == own) for own, part in enumerate(self.parts))
        return SeveralImageFiles(tuple(parts), self.weights)

    def path(self, index: int) -> Path:
        part, index = self.order.place(index)
        return self.parts[part].path(index)

    @property
    def values(self) -> ValueRange | None:
        """Of the first part."""
        return self.parts[0].values

    def encoded(self, index: int) -> Encoded:
        """See :meth:`ImageFiles.encoded`."""
        part, index = self.order.place(index)
        return self.parts[part].encoded(index)

    def read(self, index: int) -> np.ndarray:
        """See :meth:`ImageFiles.read`."""
        part, index = self.order.place(index)
        return self.parts[part].read(index)


@DATASETS.register_module()
class SeveralDatasets(Dataset):
    """Data sets with one list of classes, for ``source`` or ``target`` of a training.

    Sizes differ between data sets, so ``source_crop.img_scale`` may be a list with one (w, h) for each of them.

    Args:
        datasets: their configs.
        weights: share of each data set in the draws, up to a common factor; None draws all files alike, so that a data
            set of twice as many files is drawn twice as often. Rare-class sampling draws the class first, from the
            frequencies in all files together, and then one of its files with these shares.

    Raises:
        UserError: the classes differ, only some have labels, or there are not as many weights as data sets.
    """

    def __init__(self, *, datasets: Sequence[dict], weights: Sequence[Positive[float]] | None = None) -> None:
        self.metainfo = self.class_info({"datasets": datasets})
        self.parts = tuple(build_checked(config, DATASETS) for config in datasets)
        self.labelled = self.parts[0].labelled
        if any(part.labelled != self.labelled for part in self.parts):
            raise UserError("SeveralDatasets: only some of the data sets have labels. Give all of them labels, or none.")
        if weights is not None:
            self._check_weights(weights)
        self.images = SeveralImageFiles(tuple(part.images for part in self.parts), None if weights is None else tuple(weights))
        self.file_weights = self.images.file_weights
        self.label_names = tuple(name for part in self.parts for name in part.label_names)

    @classmethod
    def class_info(cls, config: dict) -> dict:
        """See :func:`mmseg.datasets.base.class_info`: of the first data set; ``absent`` are classes that none can show."""
        if not config.get("datasets"):
            raise UserError("SeveralDatasets needs data sets. Set datasets=[dict(type='…', …), …].")
        infos = [class_info(part) for part in config["datasets"]]
        for part, info in zip(config["datasets"], infos, strict=True):
            if info["classes"] != infos[0]["classes"]:
                types = f"{config['datasets'][0]['type']} and {part['type']}"
                raise UserError(f"SeveralDatasets: {types} have other classes. Give all of them one list with the option classes.")
        return {**infos[0], "absent": tuple(name for name in infos[0]["absent"] if all(name in info["absent"] for info in infos))}

    @classmethod
    def without_labels(cls, config: dict) -> dict:
        """See :func:`mmseg.datasets.base.without_labels`."""
        return {**config, "datasets": [without_labels(part) for part in config["datasets"]]}

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.metainfo["classes"]

    @property
    def place(self) -> str:
        """Where the data lie, for messages."""
        return " and ".join(part.place for part in self.parts)

    def __len__(self) -> int:
        return len(self.images)

    def part(self, index: int) -> tuple[SegmentationDataset, int]:
        """The data set that a file belongs to, and its index there."""
        part, index = self.images.order.place(index)
        return self.parts[part], index

    def part_number(self, index: int) -> int:
        """Which of the data sets a file belongs to."""
        return self.images.part_number(index)

    def label_path(self, index: int) -> Path:
        part, index = self.part(index)
        return part.label_path(index)

    def read_label(self, index: int, photo: Encoded | None = None) -> np.ndarray:
        """See :meth:`SegmentationDataset.read_label`."""
        part, index = self.part(index)
        return part.read_label(index, photo)

    @property
    def has_depth(self) -> bool:
        """Whether there is depth of the images of some of the data sets."""
        return any(part.has_depth for part in self.parts)

    def read_depth(self, index: int, size: Sequence[int]) -> np.ndarray | None:
        """See :meth:`SegmentationDataset.read_depth`; None for images of a data set without depth."""
        part, index = self.part(index)
        return part.read_depth(index, size)

    def depth_paths(self, index: int) -> list[Path]:
        """See :meth:`SegmentationDataset.depth_paths`."""
        part, index = self.part(index)
        return part.depth_paths(index)

    def check_same_size(self, index: int, image: np.ndarray, label: np.ndarray) -> None:
        """See :meth:`SegmentationDataset.check_same_size`."""
        part, index = self.part(index)
        part.check_same_size(index, image, label)

    def __getitem__(self, index: int) -> dict:
        """An evaluation sample, see :class:`SegmentationDataset`."""
        part, index = self.part(index)
        return part[index]

    def class_statistics(self) -> ClassStatistics:
        """Those of all data sets together."""
        return merged([part.class_statistics() for part in self.parts], self.images.order.starts.tolist())

    def _check_weights(self, weights: Sequence[float]) -> None:
        if len(weights) != len(self.parts) or min(weights) < 0 or sum(weights) <= 0:
            fix = "Give one number above 0 for each of them"
            raise UserError(f"SeveralDatasets: weights={list(weights)} for {len(self.parts)} data sets. {fix}.")
