"""The files with the class statistics of a source: pixels of every class in every label, and whether they still describe the labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmseg.datasets.reading.folders import open_file
from mmseg.utils.errors import BadFileError, UserError
from mmseg.utils.files import read_json, write_json

STATS_FILE = "sample_class_stats.json"
STATS_DICT_FILE = "sample_class_stats_dict.json"
CLASS_FILE = "samples_with_class.json"
FINGERPRINT_FILE = "sample_class_stats_fingerprint.json"

_TAIL = 20  # a PNG ends with the checksum of its pixels (4 bytes), that of the last chunk (4) and the end mark (12)


class StatisticsFiles(NamedTuple):
    """What the converter counted.

    Attributes:
        files: one mapping {train id: pixels, "file": name} per label file; ids are strings.
        by_class: the files that show each class, {train id: [[name, pixels], ...]}.
    """

    files: Sequence[Mapping[str, Any]]
    by_class: Mapping[str, Sequence[Sequence]]


def write_statistics(root: Path, pixels: Mapping[str, Mapping[int, int]], folder: Path) -> None:
    """Writes the class statistics, in the published form, and the fingerprint of the counted labels.

    * ``sample_class_stats_dict.json``: {file: {trainId: pixels}}
    * ``samples_with_class.json``: {trainId: [[file, pixels], ...]}
    * ``sample_class_stats_fingerprint.json``: {labels: number of files, sha256: of :func:`fingerprint`}
    * ``sample_class_stats.json``: [{file, trainId: pixels, ...}, ...], written last: it marks the set as complete.

    Args:
        root: data root.
        pixels: {label file relative to ``root``, with forward slashes: {train id: pixels}}.
        folder: where the files are written.
    """
    by_file = {file: {str(train_id): count for train_id, count in counts.items()} for file, counts in pixels.items()}
    by_class: dict[str, list[list]] = {}
    for file, counts in by_file.items():
        for train_id, count in counts.items():
            by_class.setdefault(train_id, []).append([file, count])
    write_json(folder / STATS_DICT_FILE, by_file)
    write_json(folder / CLASS_FILE, dict(sorted(by_class.items(), key=lambda item: int(item[0]))))
    write_json(folder / FINGERPRINT_FILE, {"labels": len(by_file), "sha256": fingerprint(root, by_file)})
    write_json(folder / STATS_FILE, [{"file": file, **counts} for file, counts in by_file.items()])


def read_statistics(root: Path, fix: str) -> StatisticsFiles:
    """Reads the class statistics of a data set and compares their fingerprint with the label files.

    Statistics in the published form have no fingerprint and are taken as they are.

    Args:
        root: data root, which holds the files.
        fix: what makes new statistics (a full sentence).

    Raises:
        UserError: a file is missing or broken, or the labels are not those that were counted.
    """
    files, by_class = (_read(root / name, fix) for name in (STATS_FILE, CLASS_FILE))
    if not is_current(root, (entry["file"] for entry in files), root, fix):
        raise UserError(
            f"RareClassSampling: {root / STATS_FILE} was made for other labels than those in {root} (names, sizes or contents differ): "
            f"the statistics are stale. {fix}"
        )
    return StatisticsFiles(files, by_class)


def is_current(root: Path, names: Iterable[str], folder: Path, fix: str) -> bool:
    """Whether the labels ``names`` below ``root`` are those of the fingerprint in ``folder``, or there is none."""
    path = folder / FINGERPRINT_FILE
    return not path.is_file() or read_json(path, fix).get("sha256") == fingerprint(root, names)


def fingerprint(root: Path, names: Iterable[str]) -> str:
    """SHA-256, in hex, of the names, sizes and pixel checksums of label files; one that cannot be read counts as empty.

    Nothing is decoded, because a training does this at its start: the last bytes of a PNG hold a checksum of its
    pixels. Times are left out, so that it outlives a copy to another machine.

    Args:
        root: data root.
        names: files relative to ``root``, with forward slashes, in any order.
    """
    digest = hashlib.sha256()
    for name in sorted(names):
        size, tail = _size_and_tail(root / name)
        digest.update(f"{name}\0{size}\0{tail.hex()}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _size_and_tail(path: Path) -> tuple[int, bytes]:
    try:
        with open_file(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            return size, file.read()
    except BadFileError:  # who reads it says so
        return 0, b""


def _read(path: Path, fix: str) -> Any:
    if not path.exists():
        raise UserError(f"RareClassSampling needs class statistics, but {path} does not exist. {fix}")
    return read_json(path, fix)
