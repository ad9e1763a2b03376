"""Which sample a loader worker was reading when it died: the system kills it without leaving it time to say so."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator

import torch
from torch.utils.data import get_worker_info

from mmseg.utils.errors import UserError

WORKERS = 256  # rows of the table; more workers share rows


class ReadingBoard:
    """The process and the sample of every loader worker, in memory that they share with the main process."""

    def __init__(self) -> None:
        self.rows = torch.full((WORKERS, 2), -1).share_memory_()

    def note(self, number: int) -> None:
        """Called where a sample is begun; does nothing outside of workers."""
        if (worker := get_worker_info()) is not None:
            self.rows[worker.id % WORKERS] = torch.tensor([os.getpid(), number])

    def number(self, process: int) -> int | None:
        """The sample that a process has begun last."""
        found = self.rows[self.rows[:, 0] == process, 1]
        return int(found[0]) if len(found) else None


@contextlib.contextmanager
def explained_deaths(dataset) -> Iterator[None]:
    """Within this context, the death of a loader worker is one line with the files it was reading.

    Args:
        dataset: a :class:`~mmseg.datasets.UDADataset` that workers read from.

    Raises:
        UserError: a worker was killed or ended by itself.
    """
    try:
        yield
    except (RuntimeError, EOFError, ConnectionError) as error:
        error = error if isinstance(error, RuntimeError) else _report_of_a_death() or error
        cause = str(error).splitlines()[0].strip().rstrip(".") if str(error) else ""
        if not cause.startswith("DataLoader worker"):
            raise
        numbers = [dataset.board.number(int(process)) for process in re.findall(r"\d+", cause)]
        raise UserError(f"{cause}{_reading(dataset, numbers)}. {_FIX}") from error


def _report_of_a_death(seconds: float = 2.0) -> RuntimeError | None:
    """What torch says of a worker's death, which may reach the main process after the broken connection to that worker.

    torch raises its error where the main thread is when the signal arrives (SIGCHLD), so the main thread waits for it here.
    """
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.05)
    except RuntimeError as report:
        return report
    return None


_FIX = (
    "If memory ran out, lower train_dataloader.num_workers or batch_size, or enlarge /dev/shm; "
    "if it names the same files again, check them with tools/check_data.py."
)


def _reading(dataset, numbers: list[int | None]) -> str:
    files = [", ".join(map(str, dataset.files(number))) for number in dict.fromkeys(numbers) if number is not None]
    return "".join(f"; it was reading {names}" for names in files)
