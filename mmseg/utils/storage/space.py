"""How much fits on a disk, and what to say where something did not."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

FIRST_LOOK = 4
"""Files, or groups of them, after which the space for the others is estimated; the next times after twice as many each."""
LITTLE = 2**16
"""Bytes: a disk with less of them free counts as full where a library does not say why it could not write."""
OF_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""Errors that reading never ends with."""
FIXES = {
    errno.ENAMETOOLONG: "Choose a shorter name or another folder",
    errno.EIO: "Check this disk, or choose another folder",
}


def as_size(number: float) -> str:
    """Bytes as people read them: ``950 bytes``, ``1.5 MB``; units of 1000."""
    if number < 1000:
        return f"{number:.0f} bytes"
    units = ("kB", "MB", "GB", "TB")
    power = next((power for power in range(1, len(units)) if number / 1000**power < 999.5), len(units))
    number, unit = number / 1000**power, units[power - 1]
    return f"{number:.1f} {unit}" if number < 99.95 else f"{number:.0f} {unit}"


def free_space(folder: str | os.PathLike) -> int | None:
    """Bytes that may be written to the disk of a folder, which need not exist yet; None where the system does not say."""
    folder = Path(folder).absolute()
    try:
        return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    except (OSError, StopIteration):
        return None


class SpaceWatch:
    """Warns, soon after many files are begun, that the disk has no room for all of them.

    How large a PNG gets is known when it is written: so the free space before the first step is compared with that after
    some of them. Files that are replaced by their like need none; whatever else fills the disk meanwhile counts.

    Args:
        folder: on the disk that is written to; it need not exist yet.
        steps: how many times :meth:`step` will be called in all.
        warn: gets the warning, once at most.
    """

    def __init__(self, folder: str | os.PathLike, steps: int, warn: Callable[[str], None] = print) -> None:
        self.folder, self.steps, self.warn = folder, steps, warn
        self.before = free_space(folder)
        self.done, self.next_look = 0, FIRST_LOOK

    def step(self, *_: object) -> None:
        """One of the steps has written its files; what a caller has to say about it is not needed."""
        self.done += 1
        if self.done != self.next_look:
            return
        self.next_look *= 2
        free = free_space(self.folder)
        if self.before is None or free is None:
            return
        left = (self.before - free) / self.done * (self.steps - self.done)
        if left > free:
            self.next_look = 0
            text = f"{as_size(free)} are free on the disk of {self.folder}, and the rest needs about {as_size(left)}"
            self.warn(f"Warning: {text} ({self.done} of {self.steps} are written). Free some space, or it will be full.")


def cannot_write(path: str | os.PathLike | None, error: OSError, size: int | None = None) -> str:
    """What to say about a file that could not be written.

    Args:
        path: the file; what was written of it is removed already. None stands for what is printed, wherever that goes.
        error: what the system or a library said.
        size: bytes that were to be written, where they are known.
    """
    folder = None if path is None else Path(path).parent
    free = None if folder is None else free_space(folder)
    silent = error.errno is None and free is not None and free < max(size or 0, LITTLE)
    reason = os.strerror(errno.ENOSPC) if silent else error.strerror or str(error)
    if free is not None and (silent or error.errno == errno.ENOSPC):
        reason += f" ({as_size(free)} are free{_needed(folder, free, size)})"
    fix = FIXES.get(error.errno) or "Free some space or choose a writable folder"
    name, is_folder = ("what is printed", False) if path is None else (path, os.path.isdir(path))
    return f"Cannot write {name}: {reason}. {'Move this folder elsewhere' if is_folder else fix}."


def _needed(folder: Path, free: int, size: int | None) -> str:
    if size is not None and size > free:
        return f", {as_size(size)} are needed"
    try:
        disk = os.statvfs(folder)
    except (AttributeError, OSError):  # Windows, or no such folder
        return ""
    return ", but no further file fits" if disk.f_files and not disk.f_favail else ""
