"""The files with the class statistics of a source: pixels of every class in every label, and whether they still describe the labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import MinLen, Predicate
from pydantic import BeforeValidator
from typing_extensions import NotRequired, TypedDict

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.folders import file_bytes
from mmseg.utils.errors import BadFileError, UserError
from mmseg.utils.products.json_file import PRODUCT, Count, FileName, read_product
from mmseg.utils.storage.files import write_json

STATS_FILE = "sample_class_stats.json"
STATS_DICT_FILE = "sample_class_stats_dict.json"
CLASS_FILE = "samples_with_class.json"
FINGERPRINT_FILE = "sample_class_stats_fingerprint.json"
FINGERPRINT_VERSION = 1


def a_train_id(key: str) -> bool:
    """Whether a key of a JSON file can be the id of a class, in the one spelling that is written."""
    return key in TRAIN_IDS


TRAIN_IDS = {str(train_id) for train_id in range(IGNORE)}
Pixels = dict[Annotated[str, Predicate(a_train_id)], Count]
"""{train id: pixels}; ids are strings."""


class CountedFile(TypedDict):
    """A label file and what was counted in it; in the published form, the ids stand beside the name."""

    file: FileName
    pixels: Pixels


def _apart(entry: Any) -> Any:
    """From ``{"file": name, "7": 12}`` to a :class:`CountedFile`."""
    if not isinstance(entry, dict):
        return entry
    return {**{key: entry[key] for key in entry if key == "file"}, "pixels": {key: entry[key] for key in entry if key != "file"}}


def _pair(entry: Any) -> Any:
    """JSON knows no tuples."""
    return tuple(entry) if isinstance(entry, list) else entry


CountedFiles = Annotated[list[Annotated[CountedFile, BeforeValidator(_apart)]], MinLen(1)]
"""``sample_class_stats.json``, of :func:`write_statistics` or published."""
FilesByClass = dict[Annotated[str, Predicate(a_train_id)], list[Annotated[tuple[FileName, Count], BeforeValidator(_pair)]]]
"""``samples_with_class.json``: {train id: [(file, pixels), ...]}."""
PixelsByFile = dict[FileName, Pixels]
"""``sample_class_stats_dict.json``."""


class Fingerprint(TypedDict):
    """``sample_class_stats_fingerprint.json``: an earlier version had other ``contents``, under another name."""

    __pydantic_config__ = PRODUCT

    version: NotRequired[Literal[1]]
    labels: Count
    contents: NotRequired[str]


class StatisticsFiles(NamedTuple):
    """What the converter counted.

    Attributes:
        files: the label files in their order.
        by_class: the files that show each class, {train id: [(name, pixels), ...]}; ids are strings.
    """

    files: Sequence[CountedFile]
    by_class: Mapping[str, Sequence[tuple[str, int]]]


def write_statistics(root: Path, pixels: Mapping[str, Mapping[int, int]], folder: Path) -> None:
    """Writes the class statistics, in the published form, and the fingerprint of the counted labels.

    * ``sample_class_stats_dict.json``: {file: {trainId: pixels}}
    * ``samples_with_class.json``: {trainId: [[file, pixels], ...]}
    * ``sample_class_stats_fingerprint.json``: {version, labels: number of files, contents: of :func:`fingerprint`}
    * ``sample_class_stats.json``: [{file, trainId: pixels, ...}, ...], written last: it marks the set as complete.

    Args:
        root: data root.
        pixels: {label file relative to ``root``, with forward slashes: {train id: pixels}}.
        folder: where the files are written.
    """
    by_file = {file: {str(train_id): count for train_id, count in counts.items()} for file, counts in pixels.items()}
    write_json(folder / STATS_DICT_FILE, by_file)
    write_json(folder / CLASS_FILE, files_by_class(by_file))
    known = {"version": FINGERPRINT_VERSION, "labels": len(by_file), "contents": fingerprint(root, by_file)}
    write_json(folder / FINGERPRINT_FILE, known)
    write_json(folder / STATS_FILE, [{"file": file, **counts} for file, counts in by_file.items()])


def files_by_class(by_file: Mapping[str, Mapping[str, int]]) -> dict[str, list[tuple[str, int]]]:
    """From {file: {train id: pixels}} to {train id: [(file, pixels), ...]}, ids in order."""
    by_class: dict[str, list[tuple[str, int]]] = {}
    for file, counts in by_file.items():
        for train_id, count in counts.items():
            by_class.setdefault(train_id, []).append((file, count))
    return dict(sorted(by_class.items(), key=lambda item: int(item[0])))


def read_statistics(root: Path, fix: str) -> StatisticsFiles:
    """Reads the class statistics of a data set and compares their fingerprint with the label files.

    Statistics in the published form have no fingerprint and are taken as they are.

    Args:
        root: data root, which holds the files.
        fix: what makes new statistics (a full sentence).

    Raises:
        UserError: a file is missing, broken or holds what nobody counts, or the labels are not those that were counted.
    """
    files, by_class = (_read(root / name, form, fix) for name, form in ((STATS_FILE, CountedFiles), (CLASS_FILE, FilesByClass)))
    if not is_current(root, (entry["file"] for entry in files), root, fix):
        raise UserError(
            f"RareClassSampling: {root / STATS_FILE} was made for other labels than those in {root} (names or contents differ), "
            f"or by an earlier version: the statistics are stale. {fix}"
        )
    return StatisticsFiles(files, by_class)


def is_complete(root: Path, names: Iterable[str], folder: Path) -> bool:
    """Whether ``folder`` holds whole statistics of just the labels ``names`` below ``root``, all four files of one making."""
    forms = {STATS_FILE: CountedFiles, STATS_DICT_FILE: PixelsByFile, CLASS_FILE: FilesByClass, FINGERPRINT_FILE: Fingerprint}
    try:
        files, by_file, by_class, known = (read_product(folder / name, form, "") for name, form in forms.items())
    except UserError:  # missing or broken
        return False
    names = set(names)
    same = by_file == {entry["file"]: entry["pixels"] for entry in files} and by_class == files_by_class(by_file)
    return same and names == set(by_file) and known.get("contents") == fingerprint(root, names)


def is_current(root: Path, names: Iterable[str], folder: Path, fix: str) -> bool:
    """Whether the labels ``names`` below ``root`` are those of the fingerprint in ``folder``, or there is none."""
    path = folder / FINGERPRINT_FILE
    return not path.exists() or read_product(path, Fingerprint, fix).get("contents") == fingerprint(root, names)


def fingerprint(root: Path, names: Iterable[str]) -> str:
    """SHA-256, in hex, of the names and contents of label files; one that cannot be read counts as empty.

    Nothing is decoded, because a training does this at its start: 3,000 labels of 29 KB take 0.16 s. Times are left out, so
    that it outlives a copy to another machine.

    Args:
        root: data root.
        names: files relative to ``root``, with forward slashes, in any order.
    """
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(name.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(_content(root / name)).digest())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    try:
        return file_bytes(path)
    except BadFileError:  # who reads it says so
        return b""


def _read(path: Path, form: Any, fix: str) -> Any:
    if not path.exists():
        raise UserError(f"RareClassSampling needs class statistics, but {path} does not exist. {fix}")
    return read_product(path, form, fix)
