"""The file with the pixels of every id in label files, as they were written: of a user's own labels, and of pseudo-labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import MinLen, Predicate
from typing_extensions import NotRequired, TypedDict

from mmseg.datasets.statistics.files import fingerprint
from mmseg.utils.errors import UserError
from mmseg.utils.products.json_file import PRODUCT, Count, FileName, read_product
from mmseg.utils.storage.files import write_text

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


def read_counts(root: Path, names: Sequence[str], folder: Path, *, more: bool = False) -> list[Mapping[int, int]] | None:
    """Pixels of every id in label files, {raw id: pixels} by file, in the order of ``names``.

    Args:
        root: folder of the labels.
        names: the files, relative to ``root``.
        folder: of the file :data:`COUNTS_FILE`.
        more: whether it may be about further files.

    Returns:
        None where the file is missing, broken, or about other labels.
    """
    try:
        known = read_product(folder / COUNTS_FILE, LabelCounts, "")
    except UserError:
        return None
    files, about = known["files"], known["files"].keys()
    if not (about >= set(names) if more else about == set(names)) or known["contents"] != fingerprint(root, about):
        return None
    return [{int(raw): pixels for raw, pixels in files[name].items()} for name in names]


def write_counts(root: Path, counts: Mapping[str, Mapping[int, int]], folder: Path) -> None:
    """Writes the file :data:`COUNTS_FILE`.

    Args:
        root: folder of the labels.
        counts: {name: {raw id: pixels}} of every file below it that counts.
        folder: gets the file.
    """
    write_text(folder / COUNTS_FILE, json.dumps({"version": VERSION, "contents": fingerprint(root, counts), "files": counts}) + "\n")
