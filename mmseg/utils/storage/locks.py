"""One process per run folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from mmseg.utils.errors import UserError
from mmseg.utils.storage.run_folder import LOCK

PATIENCE = 2.0
"""Seconds: :func:`is_locked` of another process holds the lock for an instant."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder, which is made if need be; a folder that is empty afterwards is removed again.

    Raises:
        UserError: another process holds it, or the folder cannot be written to.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise in_use(folder) from None
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}. Choose another folder that is writable.") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # of a folder that was moved meanwhile, or that is not empty
            (folder / LOCK).unlink()
            lock.release()
            for path in missing:
                path.rmdir()


def in_use(folder: Path) -> UserError:
    """The error for a folder whose lock another process holds."""
    return UserError(f"{folder} is in use by another process. Wait until that has ended, or choose another folder.")


def is_locked(folder: Path) -> bool:
    """Whether a process holds the lock of a folder now."""
    lock = FileLock(folder / LOCK)
    if not (folder / LOCK).exists():
        return False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # not ours to write: whoever may has no lock that we could see
        return False
    lock.release()
    return False
