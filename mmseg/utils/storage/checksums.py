"""Checksums of the records of a zip archive, which torch's reader of weights does not look at."""

from __future__ import annotations

import zipfile
from pathlib import Path


def damaged_record(path: str | Path) -> str | None:
    """The first record of an archive whose bytes are not those that were written; None if all are, or the file is no archive.

    A quarter of a second for a gigabyte that the system has in its cache.

    Raises:
        zipfile.BadZipFile: the structure of the archive is broken.
    """
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        return archive.testzip()
