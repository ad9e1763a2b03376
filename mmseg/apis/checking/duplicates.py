"""Files with the same content, found by size first."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from mmseg.datasets.reading.archives import split_archive
from mmseg.datasets.reading.image_files import read_bytes


def same_files(paths: Sequence[Path], others: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Pairs of files with the same content, the first of ``others`` for each path.

    Reads only files that have the size of one on the other side. What is no file is equal to none.
    """
    by_size: dict[int | None, list[Path]] = {}
    for other in others:
        by_size.setdefault(file_size(other), []).append(other)
    twins: dict[int, dict[bytes, Path]] = {}
    for path in paths:
        size = file_size(path)
        if size is None or size not in by_size:
            continue
        if size not in twins:
            twins[size] = {content_hash(other): other for other in reversed(by_size[size])}
        twin = twins[size].get(content_hash(path))
        if twin is not None:
            yield path, twin


def file_size(path: Path) -> int | None:
    """Bytes of a file, which may lie in a zip archive; None for a pipe, a link that leads nowhere and the like."""
    archive = split_archive(path)
    if archive:
        return _member_sizes(archive[0])[archive[1]]
    return path.stat().st_size if path.is_file() else None


def content_hash(path: Path) -> bytes:
    """A hash of what a file holds."""
    return hashlib.blake2b(read_bytes(path)).digest()


@cache
def _member_sizes(archive: Path) -> dict[str, int]:
    with zipfile.ZipFile(archive) as opened:
        return {member.filename: member.file_size for member in opened.infolist()}
