"""The one walk through a folder, and the reading of one file: what every command and data set takes for its files."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from mmseg.datasets.reading.archives import split_archive
from mmseg.utils.errors import BadFileError, UserError
from mmseg.utils.storage.limits import MAX_FILE

HIDDEN, LOOP = "hidden", "linking to a folder above"
"""Why an entry of a folder is left out."""


def walk(folder: Path) -> tuple[list[str], Counter[str]]:
    """All files below a folder that exists, in no order.

    Links to folders are followed, but for those to a folder that the walk is in already. Hidden files and folders are left
    out. A link that leads nowhere, or a pipe, counts as a file: :func:`file_bytes` says what it is.

    Returns:
        paths relative to ``folder``, with forward slashes; how many entries were left out, by the reason.

    Raises:
        UserError: a folder cannot be read.
    """
    names: list[str] = []
    left_out: Counter[str] = Counter()
    pending: list[tuple[str, str, frozenset]] = [("", os.fspath(folder), frozenset())]
    while pending:
        prefix, place, above = pending.pop()
        here = _identity(place)
        if here in above:
            left_out[LOOP] += 1
            continue
        folders, files, hidden = _entries(place)
        pending += [(f"{prefix}{name}/", f"{place}/{name}", above | {here}) for name in folders]
        names += [prefix + name for name in files] if prefix else files
        left_out[HIDDEN] += hidden
    return names, +left_out


def _entries(place: str) -> tuple[list[str], list[str], int]:
    """Names of the folders and of the files in a folder, and how many hidden entries it has."""
    folders, files, hidden = [], [], 0
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                name = entry.name
                if name[0] == ".":
                    hidden += 1
                    continue
                try:
                    (folders if entry.is_dir() else files).append(name)
                except OSError:  # a link to itself
                    files.append(name)
    except OSError as error:
        raise _unreadable(place, error) from None
    return folders, files, hidden


def _identity(place: str) -> tuple[int, int]:
    try:
        found = os.stat(place)
    except OSError as error:
        raise _unreadable(place, error) from None
    return found.st_dev, found.st_ino


def _unreadable(place: str, error: OSError) -> UserError:
    return UserError(f"Cannot read the folder {place}: {error.strerror}. Change its permissions, or move it elsewhere.")


def file_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        BadFileError: as :func:`open_file`, or it is too large, or cannot be read to its end.
    """
    with open_file(path) as file:
        if (size := os.fstat(file.fileno()).st_size) > MAX_FILE:
            fix = "Cut the image into smaller ones, or put another file there"
            raise BadFileError(f"{path} has {size >> 20} MB, more than the {MAX_FILE >> 20} MB of the largest image. {fix}.")
        try:
            return file.read()
        except OSError as error:
            raise _no_file(path, error) from None


def open_file(path: Path) -> BinaryIO:
    """Opens a file for reading.

    Raises:
        BadFileError: it is missing, may not be read, or is no file but a pipe, a socket, a device or a folder.
    """
    try:
        # A pipe that nobody writes to would block an ordinary open for ever.
        file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except (OSError, ValueError) as error:  # a name may be longer than a system takes, or hold a zero byte
        raise _no_file(path, error) from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise BadFileError(f"{path} is no file, but a pipe, a socket or a device. Put a file there, or correct the path.")


def _no_file(path: Path, error: OSError | ValueError) -> BadFileError:
    fix = "Put a readable file there."
    if not os.path.exists(path):  # unlike Path.exists, whatever the name
        fix = "Mend or remove this link, which leads nowhere." if os.path.islink(path) else "Put the file there, or correct the path."
    return BadFileError(f"Cannot read {path}: {getattr(error, 'strerror', None) or error}. {fix}")


def check_still_there(folders: Iterable[Path]) -> None:
    """Refuses to go on where a folder that held files is gone, or is empty as the place of a disk that is no longer mounted.

    A training that skips bad samples would skip all of them. Of files in an archive, the archive has to be there.

    Raises:
        UserError: names the folder.
    """
    for folder in dict.fromkeys(archive[0] if (archive := split_archive(folder)) else folder for folder in folders):
        if not os.path.exists(folder) or (os.path.isdir(folder) and next(os.scandir(folder), None) is None):
            text = f"{folder} has been moved or emptied, or its disk is no longer mounted"
            raise UserError(f"{text}. Move it back or mount the disk, and continue with --resume.")
