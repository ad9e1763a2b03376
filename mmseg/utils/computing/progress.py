"""Work on many items in several processes, under a progress bar."""

from __future__ import annotations

import functools
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def mapped(work: Callable, items: Sequence, *, nproc: int, title: str) -> Iterator:
    """Yields ``work(item)`` in order, from ``nproc`` processes, under a progress bar with the time left."""
    with _pool(min(nproc, len(items))) as run, progress_bar() as bar:
        # Not bar.track: where an error leaves this generator to the garbage collector, that would wait for a thread that waits for it.
        task = bar.add_task(title, total=len(items))
        for result in run(work, items):
            yield result
            bar.advance(task)


def progress_bar() -> Progress:
    """A progress bar with counts, elapsed time and time left; silent where the output is not a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("left"), TimeRemainingColumn())


@contextmanager
def _pool(nproc: int) -> Iterator[Callable]:
    if nproc <= 1:
        yield map
        return
    with multiprocessing.Pool(nproc) as pool:  # leaving the block ends the workers, also after an error
        yield functools.partial(pool.imap, chunksize=4)
