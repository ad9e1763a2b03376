"""Labels that say of some pixels only whether they show an object of a class at all, for measures of doubt.

Letters: (H, W) native label size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

UNKNOWN_OBJECT, KNOWN_OBJECT = 1, 2


class ObjectIds(NamedTuple):
    """Raw ids of such pixels.

    Attributes:
        unknown: of objects that are none of the classes.
        known: of pixels that are none of those.
    """

    unknown: Sequence[int] = ()
    known: Sequence[int] = ()

    def __bool__(self) -> bool:
        return bool(self.unknown)

    def map(self, ids: np.ndarray) -> np.ndarray:
        """What the ids of a label file say, [H, W] -> uint8 [H, W]: :data:`UNKNOWN_OBJECT`, :data:`KNOWN_OBJECT`, and 0 for nothing."""
        found = np.zeros(ids.shape, np.uint8)
        found[np.isin(ids, self.unknown)] = UNKNOWN_OBJECT
        found[np.isin(ids, self.known)] = KNOWN_OBJECT
        return found


def ignored_ids(config: Mapping) -> Sequence[int | str]:
    """What labels of a :class:`~mmseg.datasets.FolderDataset` hold that is no class, from its options: ``ignore`` and these objects."""
    ignored, objects = config.get("ignore") or (), (*(config.get("unknown_objects") or ()), *(config.get("known_objects") or ()))
    return (*ignored, *objects) if objects else ignored
