"""Files that are either whole or absent: write beside the target, flush, rename."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmseg.utils.errors import UserError
from mmseg.utils.storage.space import cannot_write

PART = ".*.part*"
"""Pattern of the names of files that are being written."""


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike, size: int | None = None) -> Iterator[Path]:
    """Yields a temporary path in the folder of ``path`` and renames it to ``path`` on success.

    The temporary name keeps the suffix, because image writers choose the format by it.

    Args:
        path: the file.
        size: bytes that will be written, where they are known, for the error about a full disk.

    Raises:
        UserError: the folder is read-only or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        _remove(temporary)  # before the free space is asked for
        raise UserError(cannot_write(path, error, size)) from error
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # also where the parent is a file
        path.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Removes what processes that were killed have left half written in a folder that nobody else writes to now."""
    for path in folder.glob(PART):
        _remove(path)


def write_bytes(path: str | os.PathLike, data: bytes | memoryview) -> None:
    """Writes a file atomically."""
    with atomic_path(path, len(data)) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file atomically, in UTF-8; names of files that are not keep their bytes."""
    write_bytes(path, text.encode("utf-8", errors="surrogateescape"))


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Writes ``value`` as JSON atomically."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def check_target(file: Path) -> None:
    """Refuses a file that could not be written, before the work that makes it; leaves nothing behind.

    Raises:
        UserError: its folder cannot be made or written to, or a folder has its name.
    """
    check_writable(file.parent)
    if file.is_dir():
        raise UserError(cannot_write(file, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))))


def check_writable(folder: Path) -> None:
    """Refuses a folder that cannot be made or written to; leaves nothing behind."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
        for path in missing:  # an error that follows leaves no empty run behind
            path.rmdir()
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}. Choose another folder that is writable.") from error
