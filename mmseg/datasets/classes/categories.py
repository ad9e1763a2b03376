"""Labels from the raw ids of a data set: of seven categories, for which the 19 classes know too little, or of the 19 classes.

Raw ids know lane markings, caravans and curbs, which are ignored among the 19 classes, and who draws the borders draws them
elsewhere: the terrain of Mapillary is flat, that of Cityscapes is nature. The maps of Synthia, Cityscapes and Mapillary, each beside its
data set, are those of Wu and Liu (NeurIPS 2022), whose published numbers of seven classes need them.

Letters: (H, W) native label size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mmseg.datasets.classes.groups import CATEGORIES
from mmseg.datasets.classes.names import CLASSES, IGNORE, PALETTE, train_id_lut
from mmseg.datasets.reading.encoded import Encoded
from mmseg.utils.errors import BadFileError

CATEGORY_NAMES = tuple(CATEGORIES)
SHOWN_AS = ("road", "building", "pole", "vegetation", "sky", "person", "car")
CATEGORY_PALETTE = tuple(PALETTE[CLASSES.index(name)] for name in SHOWN_AS)
"""RGB of each category, that of one of its classes."""


@dataclass(frozen=True, kw_only=True)
class RawCategories:
    """What the raw ids of a data set mean.

    Attributes:
        names: of the categories, or of the classes of a data set whose raw ids are read as they are.
        members: the raw ids of every one of them; all others are ignored.
        last: the largest raw id that the data set has; 255 stands for an id of -1.
        ending: of the names of raw label files.
        ids: decodes a label file: uint8 or uint16 [H, W].
        fix: ends the errors about missing and broken labels, a full sentence.
        larger: what larger ids tell, where it is known, a full sentence.
    """

    names: Sequence[str] = CATEGORY_NAMES
    members: Mapping[str, Sequence[int]]
    last: int
    ending: str
    ids: Callable[[Encoded], np.ndarray] = Encoded.ids
    fix: str
    larger: str | None = None

    @cached_property
    def lut(self) -> np.ndarray:
        """Index of the category or class by raw id, ``IGNORE`` for all others: uint8 [256]."""
        return train_id_lut({raw: self.names.index(name) for name, ids in self.members.items() for raw in ids})

    def convert(self, ids: np.ndarray, path: Path) -> np.ndarray:
        """Indices of categories or classes, and 255 of the raw ids in the file ``path``: [H, W] -> uint8 [H, W]; see :meth:`check`."""
        self.check(ids, path)
        return self.lut[ids]

    def check(self, ids: np.ndarray, path: Path) -> None:
        """Refuses raw ids in the file ``path`` that are none of the data set.

        Raises:
            BadFileError: names the largest.
        """
        largest = ids.max(initial=0, where=ids != IGNORE)
        if largest > self.last:
            end = f"but the raw ids of this data set end at {self.last}"
            raise BadFileError(f"{path} holds the id {largest}, {end}. {self.larger or self.fix}")
