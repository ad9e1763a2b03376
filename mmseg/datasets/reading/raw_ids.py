"""From the ids in a user's own label files to train ids.

Letters: (H, W) native label size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Lt

from mmseg.datasets.classes.names import IGNORE
from mmseg.utils.errors import UserError, suggestion

NUM_IDS = 1 << 16
RawId = Annotated[int, Ge(0), Lt(NUM_IDS)]
"""An id in a label file."""
UNKNOWN = -1
SHOWN = 8
"""Unknown ids that an error names."""


class RawIds:
    """What the ids in the label files of a data set mean.

    Args:
        classes: names of the K classes of the training.
        label_map: raw id -> name or index of its class; a list names the ids 0, 1, 2, …; None if raw ids are class indices.
        ignore: raw ids, and names in ``label_map`` that are no classes of the training, whose pixels are ignored.

    Raises:
        UserError: an id or a name is unknown, or both mapped and ignored.
    """

    def __init__(self, *, classes: Sequence[str], label_map: Mapping | Sequence | None, ignore: Sequence[int | str]) -> None:
        self.classes = classes
        if isinstance(ignore, (str, int)):
            raise _error(f"ignore is {ignore!r}", f"Use a list: ignore=[{ignore!r}].")
        self.ignored_names = {entry for entry in ignore if isinstance(entry, str)}
        self.ignored_ids = {_raw_id(entry, "ignore") for entry in ignore if not isinstance(entry, str)}
        given = range(len(classes)) if label_map is None else label_map
        pairs = given.items() if isinstance(given, Mapping) else enumerate(given)
        self.train_ids = {_raw_id(raw, "label_map"): self._train_id(raw, value) for raw, value in pairs}
        self._check_ignored(set(given.values() if isinstance(given, Mapping) else given))
        self.lut = np.full(NUM_IDS, UNKNOWN, np.int16)
        self.lut[list(self.train_ids)] = list(self.train_ids.values())
        self.lut[list(self.ignored_ids)] = IGNORE

    @property
    def absent(self) -> tuple[str, ...]:
        """Names of the classes that no id means."""
        return tuple(name for index, name in enumerate(self.classes) if index not in self.train_ids.values())

    def convert(self, ids: np.ndarray, path: Path) -> np.ndarray:
        """Train ids and 255 of raw ids: uint8 or uint16 [H, W] -> uint8 [H, W].

        Raises:
            UserError: an id is unknown; names it and the file ``path``.
        """
        label = self.lut[ids]
        if label.min() == UNKNOWN:
            unknown = np.unique(ids[label == UNKNOWN]).tolist()
            listed = ", ".join(map(str, unknown[:SHOWN])) + " …" * (len(unknown) > SHOWN)
            what = f"the id{'s' * (len(unknown) > 1)} {listed}"
            fix = "Say in label_map which class it is, or add it to ignore if it is none of the classes."
            raise UserError(f"{path} holds {what}, which the config does not explain. {fix}")
        return label.astype(np.uint8)

    def _train_id(self, raw: object, value: object) -> int:
        if value in self.ignored_names:
            return IGNORE
        if isinstance(value, str) and value in self.classes:
            return list(self.classes).index(value)
        if isinstance(value, int) and 0 <= value < len(self.classes):
            return value
        if isinstance(value, str):
            close = suggestion(value, self.classes).lstrip()
            raise _error(f"label_map gives the id {raw} to '{value}', which classes lacks", close or "Add it to classes or to ignore.")
        raise _error(f"label_map gives the id {raw} to {value!r}", f"Use a class name or an index from 0 to {len(self.classes) - 1}.")

    def _check_ignored(self, mapped: set) -> None:
        both = sorted(self.ignored_ids & set(self.train_ids))
        if both:
            raise _error(f"the id {both[0]} is both in ignore and a class", "Take it out of one of them.")
        for name in sorted(self.ignored_names - mapped):
            raise _error(f"ignore names '{name}', which label_map does not", "Use its raw id, or name it in label_map.")


def _raw_id(value: object, option: str) -> int:
    """A key of ``label_map`` or an entry of ``ignore``; JSON makes texts of the keys."""
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or int(text) >= NUM_IDS:
        raise _error(f"{option} names {value!r}, which is no raw id", f"Use a whole number from 0 to {NUM_IDS - 1}.")
    return int(text)


def _error(what: str, fix: str) -> UserError:
    return UserError(f"FolderDataset: {what}. {fix}")
