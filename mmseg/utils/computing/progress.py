"""Work on many items, also in several processes, under a progress bar."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable, Iterator, Sequence, Sized
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from rich import get_console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mmseg.utils.computing.limits import read_limits
from mmseg.utils.errors import QUIET, UserError
from mmseg.utils.signals import end_with, this_process
from mmseg.utils.storage.space import SpaceWatch


def mapped(work: Callable, items: Sequence, *, nproc: int, title: str, out: Path | None = None) -> Iterator:
    """Yields ``work(item)`` in order, from ``nproc`` processes, under a progress bar with the time left.

    Args:
        work: what is done with an item; a function of a module.
        items: all of them.
        nproc: number of processes; 1 works in this one.
        title: of the bar.
        out: where the work writes files; a :class:`SpaceWatch` looks after its disk. None if it writes none.

    Raises:
        UserError: one of the processes has died.
    """
    kills = read_limits().kills
    watch = None if out is None else SpaceWatch(out, len(items))
    with _pool(min(nproc, len(items))) as run, progress_bar() as bar:
        # Not bar.track: where an error leaves this generator to the garbage collector, that would wait for a thread that waits for it.
        task = bar.add_task(title, total=len(items))
        done = 0
        try:
            for result in run(work, items):
                yield result
                done += 1
                bar.advance(task)
                if watch is not None:
                    watch.step()
        except BrokenProcessPool as error:
            memory = f": {read_limits().ran_out}" if read_limits().kills > kills else ""
            near = f", at {items[done]} or soon after" if isinstance(items[done], (str, Path)) else ""
            fix = "If memory ran out, use fewer processes with --nproc; else look at these files."
            raise UserError(f"{title}: a worker process was ended from outside{memory}{near}. {fix}") from error


def progress(steps: Sized, title: str = "Evaluating") -> Iterator:
    """The same steps under a progress bar with the time left."""
    with progress_bar() as bar:
        task = bar.add_task(title, total=len(steps))
        for step in steps:
            yield step
            bar.advance(task)


def progress_bar() -> Progress:
    """A progress bar with counts, elapsed time and time left.

    None is shown with ``--quiet``, and where the output is no terminal, or one that cannot move its cursor. ``NO_COLOR`` leaves out
    the colours.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = QUIET in os.environ or not get_console().is_interactive
    return Progress(*columns, TextColumn("left"), TimeRemainingColumn(), disable=hidden)


@contextmanager
def _pool(nproc: int) -> Iterator[Callable]:
    if nproc <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(nproc, initializer=_begin, initargs=(this_process(),))  # unlike multiprocessing's, it notices a death
    try:
        yield functools.partial(pool.map, chunksize=4)
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(owner: str) -> None:
    """In a process of a pool: it ends with its owner, whom the terminal asks as well."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(owner)
