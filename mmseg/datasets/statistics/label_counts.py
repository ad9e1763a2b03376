"""Counts the ids in a user's own label files once, and keeps the counts in a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import MinLen, Predicate
from typing_extensions import NotRequired, TypedDict

from mmseg.datasets.conversion.convert import mapped
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.datasets.statistics.files import fingerprint
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import write_text
from mmseg.utils.storage.products import PRODUCT, Count, FileName, read_product

COUNTS_FILE = "label_counts.json"
VERSION = 1


def an_id(key: str) -> bool:
    """Whether a key of a JSON file is an id of a label, in the one spelling that is written."""
    return key.isascii() and key.isdecimal() and len(key) <= len(str(2**63)) and str(int(key)) == key


class LabelCounts(TypedDict):
    """The file :data:`COUNTS_FILE`.

    Attributes:
        version: :data:`VERSION`; files of before it existed have none.
        contents: of :func:`mmseg.datasets.statistics.files.fingerprint`.
        files: {name: {raw id: pixels}}; ids are strings.
    """

    __pydantic_config__ = PRODUCT

    version: NotRequired[Literal[1]]
    contents: str
    files: dict[FileName, Annotated[dict[Annotated[str, Predicate(an_id)], Count], MinLen(1)]]


def count_ids(path: Path) -> dict[int, int]:
    """Pixels of every id in a label file, {raw id: pixels}."""
    counts = np.bincount(read_label_ids(path).ravel())
    return {int(raw): int(counts[raw]) for raw in np.nonzero(counts)[0]}


def count_labels(root: Path, names: Sequence[str], folder: Path) -> list[Mapping[int, int]]:
    """Pixels of every id in every label file: read from ``folder``, or counted under a progress bar and written there.

    The counts are of raw ids, so that they outlive a change of ``label_map``; other or changed label files are counted anew.

    Args:
        root: folder of the labels.
        names: the files, relative to ``root``.
        folder: gets the file :data:`COUNTS_FILE`.

    Returns:
        {raw id: pixels} by file, in the order of ``names``.

    Raises:
        UserError: a label is broken.
        OSError: ``folder`` cannot be written to; found before the counting.
    """
    path, labels = folder / COUNTS_FILE, fingerprint(root, names)
    known = _read(path)
    if known and known["contents"] == labels and known["files"].keys() == set(names):
        return [{int(raw): pixels for raw, pixels in known["files"][name].items()} for name in names]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):  # minutes of counting may follow
        pass
    counts = list(mapped(count_ids, [root / name for name in names], nproc=min(usable_cores(), len(names) // 100), title="Counting"))
    write_text(path, json.dumps({"version": VERSION, "contents": labels, "files": dict(zip(names, counts, strict=True))}) + "\n")
    return counts


def _read(path: Path) -> LabelCounts | None:
    """The file, or nothing where it is missing or broken: it is written again then."""
    try:
        return read_product(path, LabelCounts, "")
    except UserError:
        return None
