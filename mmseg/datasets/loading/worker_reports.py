"""Which file a loader worker was reading when it died: the system kills it without leaving it time to say so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch

WIDTH = 1024
"""Bytes of a path that are noted: its end, which tells files apart."""
WORKER_FIX = (
    "If memory ran out, lower num_workers or batch_size, or enlarge /dev/shm; "
    "if it names the same file again, check it with tools/check_data.py."
)

_row: torch.Tensor | None = None
"""In a loader worker, where it notes what it reads."""


class ReadingBoard:
    """The file that every loader worker has begun last, in memory that they share with the main process.

    Args:
        workers: their number.
    """

    def __init__(self, workers: int) -> None:
        self.rows = torch.zeros((workers, WIDTH), dtype=torch.uint8).share_memory_()

    def file(self, worker: int) -> str | None:
        """What a worker has begun last."""
        return os.fsdecode(self.rows[worker].numpy().tobytes().rstrip(b"\0")) or None

    def clear(self) -> None:
        """Nothing was begun."""
        self.rows.zero_()


def begin_worker(board: ReadingBoard, then: Callable[[int], object] | None, worker: int) -> None:
    """First call in a loader worker, after ``then``: from now on it notes what it reads."""
    global _row
    if then is not None:
        then(worker)
    _row = board.rows[worker]


def note_file(path: Path) -> None:
    """Called where a file is begun; does nothing outside of loader workers."""
    if _row is not None:
        name = os.fsencode(path)[-WIDTH:]
        _row.numpy()[:] = memoryview(name.ljust(WIDTH, b"\0"))
