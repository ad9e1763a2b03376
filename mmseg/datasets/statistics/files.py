"""The files with the class statistics of a source: pixels of every class in every label, and whether they still describe the labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmseg.datasets.reading.folders import file_bytes
from mmseg.utils.errors import BadFileError, UserError
from mmseg.utils.files import read_json, write_json

STATS_FILE = "sample_class_stats.json"
STATS_DICT_FILE = "sample_class_stats_dict.json"
CLASS_FILE = "samples_with_class.json"
FINGERPRINT_FILE = "sample_class_stats_fingerprint.json"


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
    * ``sample_class_stats_fingerprint.json``: {labels: number of files, contents: of :func:`fingerprint`}
    * ``sample_class_stats.json``: [{file, trainId: pixels, ...}, ...], written last: it marks the set as complete.

    Args:
        root: data root.
        pixels: {label file relative to ``root``, with forward slashes: {train id: pixels}}.
        folder: where the files are written.
    """
    by_file = {file: {str(train_id): count for train_id, count in counts.items()} for file, counts in pixels.items()}
    write_json(folder / STATS_DICT_FILE, by_file)
    write_json(folder / CLASS_FILE, files_by_class(by_file))
    write_json(folder / FINGERPRINT_FILE, {"labels": len(by_file), "contents": fingerprint(root, by_file)})
    write_json(folder / STATS_FILE, [{"file": file, **counts} for file, counts in by_file.items()])


def files_by_class(by_file: Mapping[str, Mapping[str, int]]) -> dict[str, list[list]]:
    """From {file: {train id: pixels}} to {train id: [[file, pixels], ...]}, ids in order."""
    by_class: dict[str, list[list]] = {}
    for file, counts in by_file.items():
        for train_id, count in counts.items():
            by_class.setdefault(train_id, []).append([file, count])
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
    files, by_class = (_read(root / name, fix) for name in (STATS_FILE, CLASS_FILE))
    if not _are_counts(files):
        raise UserError(_impossible(root / STATS_FILE, fix))
    if not _are_files_by_class(by_class):
        raise UserError(_impossible(root / CLASS_FILE, fix))
    if not is_current(root, (entry["file"] for entry in files), root, fix):
        raise UserError(
            f"RareClassSampling: {root / STATS_FILE} was made for other labels than those in {root} (names or contents differ), "
            f"or by an earlier version: the statistics are stale. {fix}"
        )
    return StatisticsFiles(files, by_class)


def is_complete(root: Path, names: Iterable[str], folder: Path) -> bool:
    """Whether ``folder`` holds whole statistics of just the labels ``names`` below ``root``, all four files of one making."""
    try:
        files, by_file, by_class, known = (
            read_json(folder / name, "") for name in (STATS_FILE, STATS_DICT_FILE, CLASS_FILE, FINGERPRINT_FILE)
        )
    except UserError:  # missing or broken
        return False
    if not _are_counts(files) or by_file != {entry["file"]: {key: entry[key] for key in entry if key != "file"} for entry in files}:
        return False
    names = set(names)
    return by_class == files_by_class(by_file) and names == set(by_file) and _contents(known) == fingerprint(root, names)


def is_current(root: Path, names: Iterable[str], folder: Path, fix: str) -> bool:
    """Whether the labels ``names`` below ``root`` are those of the fingerprint in ``folder``, or there is none."""
    path = folder / FINGERPRINT_FILE
    return not path.is_file() or _contents(read_json(path, fix)) == fingerprint(root, names)


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


def are_pixels(counts: Any) -> bool:
    """Whether a value read from a file maps ids to numbers of pixels, {"7": 1234}."""
    return isinstance(counts, dict) and all(key.isdecimal() and type(count) is int and count >= 0 for key, count in counts.items())


def _are_counts(files: Any) -> bool:
    """Whether a value has the form of :attr:`StatisticsFiles.files`, and more than none."""
    entries = files if isinstance(files, list) else ()
    return bool(entries) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("file"), str)
        and are_pixels({key: value for key, value in entry.items() if key != "file"})
        for entry in entries
    )


def _are_files_by_class(by_class: Any) -> bool:
    """Whether a value has the form of :attr:`StatisticsFiles.by_class`."""
    groups = by_class.items() if isinstance(by_class, dict) else [("", None)]
    return all(
        key.isdecimal()
        and isinstance(pairs, list)
        and all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and are_pixels({"0": pair[1]}) for pair in pairs)
        for key, pairs in groups
    )


def _impossible(path: Path, fix: str) -> str:
    return f"RareClassSampling: {path} does not hold numbers of pixels by label and class: it is empty, cut or was changed. {fix}"


def _contents(known: Any) -> str | None:
    return known.get("contents") if isinstance(known, dict) else None


def _content(path: Path) -> bytes:
    try:
        return file_bytes(path)
    except BadFileError:  # who reads it says so
        return b""


def _read(path: Path, fix: str) -> Any:
    if not path.exists():
        raise UserError(f"RareClassSampling needs class statistics, but {path} does not exist. {fix}")
    return read_json(path, fix)
