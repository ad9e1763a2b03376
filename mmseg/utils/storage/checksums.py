"""Checksums: of whole files, and of the records of a zip archive, which torch's reader of weights does not look at."""

from __future__ import annotations

import hashlib
import mmap
import os
import zipfile
from pathlib import Path

from mmseg.utils.storage.limits import check_pickle, check_stored

BLOCK = 2**22
"""Bytes of a file that are read at once."""


def file_hash(path: str | os.PathLike) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def damaged_record(path: str | Path, *, values: bool = True) -> str | None:
    """The first record of an archive whose bytes are not those that were written; None if all are, or the file is no archive.

    A quarter of a second for a gigabyte that the system has in its cache; milliseconds without ``values``, which compares nothing.

    Raises:
        zipfile.BadZipFile: the structure of the archive is broken, or it declares more than it holds.
        ValueError: the file is empty.
    """
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            check_pickle(content)
        return None
    with zipfile.ZipFile(path) as archive:
        check_stored(archive, Path(path).stat().st_size)
        for name in archive.namelist():
            if name.endswith("data.pkl"):
                check_pickle(archive.read(name))
        return archive.testzip() if values else None
