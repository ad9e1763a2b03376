"""Files that declare more than they hold: refused before memory and time are spent on them.

zipfile gives no more of a deflated member than the archive declares, so a limit on what is declared is one on what is read.
"""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

MAX_FILE = 2 << 30
"""Bytes of one file of data; an uncompressed image of the most pixels that are decoded has 1.6 GB."""
MAX_VALUES = 5_000_000
"""Of all that a checkpoint lists, each counted wherever it is listed; one of HRDA has 20 thousand."""
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The readers of other methods inflate all at once."""


class TooLargeError(zipfile.BadZipFile):
    """An archive whose members are too large to be read, or cannot be as large as it says."""


def check_sizes(members: Iterable[zipfile.ZipInfo], limit: int = MAX_FILE) -> None:
    """Refuses to read members of an archive that together inflate to more than ``limit`` bytes.

    Raises:
        TooLargeError: they do, or are packed so that one cannot know.
    """
    members = list(members)
    if any(member.compress_type not in BOUNDED for member in members):
        raise TooLargeError("packed by another method than the usual one, deflate")
    if (size := sum(member.file_size for member in members)) > limit:
        raise TooLargeError(f"it unpacks to {size >> 20} MB, more than {limit >> 20} MB")


def check_stored(archive: zipfile.ZipFile, size: int) -> None:
    """Refuses an archive that torch cannot have written: it stores records as they are, one behind the other.

    Args:
        archive: a checkpoint.
        size: bytes of the file.

    Raises:
        TooLargeError: records are compressed, or together larger than the file.
    """
    members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise TooLargeError("its records are compressed, which torch does not do")
    if sum(member.file_size for member in members) > size:
        raise TooLargeError("its records are larger than the file")


def check_pickle(content: bytes | mmap.mmap) -> None:
    """Refuses a pickle that may ask for any amount of memory: ``bytearray(10 ** 11)`` is the one call of that kind that torch allows.

    Raises:
        TooLargeError: it may.
    """
    if content.find(b"\nbytearray\n") >= 0:
        raise TooLargeError("it holds a bytearray, which no weights need")


def check_content(content: Any, size: int) -> None:
    """Refuses what a file of ``size`` bytes lists many times over, or a tensor that repeats a few bytes without end.

    Raises:
        TooLargeError: it does.
    """
    count, waiting = 0, [content]
    while waiting:
        value = waiting.pop()
        count += 1
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, (list, tuple, set)):
            waiting += value
        elif hasattr(value, "element_size") and value.numel() * value.element_size() > size:
            raise TooLargeError(f"it holds a tensor {list(value.shape)} that is larger than the file")
        if count + len(waiting) > MAX_VALUES:
            raise TooLargeError(f"it lists more than {MAX_VALUES} values")
