"""A loader that goes on with the same samples, in the same order, when one of its workers dies."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import torch
from mmengine.logging import print_log
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.dataloader import _BaseDataLoaderIter, _MultiProcessingDataLoaderIter

from mmseg.datasets.loading.worker_limits import allow_open_files, check_room, needing_room
from mmseg.datasets.loading.worker_reports import WORKER_FIX, ReadingBoard, begin_worker
from mmseg.utils.computing.limits import read_limits
from mmseg.utils.errors import UserError
from mmseg.utils.signals import how_it_ended

APART = 100
"""Batches that have to come between two deaths, so that a machine without memory does not start workers for ever."""
BROKEN = (RuntimeError, EOFError, OSError)
"""What torch raises where a worker has gone: its own report, or that of a broken connection."""


def keep_shared() -> None:
    """Takes all objects of this process out of the sight of Python's garbage collector, before workers share them.

    When the collector looks at an object it writes to it, and whoever does so, training or worker, gets a copy of the page. Objects that
    nothing refers to are freed as before; only circles among those that exist now are not found any more, of which there are few.
    """
    gc.collect()
    gc.freeze()


class _Walk(_MultiProcessingDataLoaderIter):
    """torch's workers; where the system does not give all of them, torch would end in an error of its own about what it has not made."""

    def __del__(self) -> None:
        if hasattr(self, "_workers_status"):  # set when all of them are there
            super().__del__()
            return
        for worker in getattr(self, "_workers", ()):
            worker.kill()


class _Loader(DataLoader):
    """torch's loader with such workers."""

    def _get_iterator(self) -> _BaseDataLoaderIter:
        return _Walk(self) if self.num_workers else super()._get_iterator()


class SteadyLoader(_Loader):
    """torch's loader, whose batches have to be functions of their numbers: each has the same samples whenever the sampler starts.

    A death is noticed where a batch is asked for, and nowhere else: torch's own report would reach whatever runs at that moment, such as
    the writing of a checkpoint. One lost worker is a warning, and all workers are started again at the batch that is asked for.

    Raises:
        UserError: a worker has died again, at the same file or within 100 batches; or the system allows too few open files or too little
            shared memory.
    """

    def __init__(self, dataset: Dataset, *arguments: Any, worker_init_fn: Any = None, num_workers: int = 0, **options: Any) -> None:
        if num_workers:
            allow_open_files(num_workers)
        with needing_room():
            self.board = ReadingBoard(num_workers)
        self._workers: list[multiprocessing.Process] = []
        self._given = 0  # batches, since it was made
        self._loss: tuple[int, str | None] | None = None
        begin = functools.partial(begin_worker, self.board, worker_init_fn) if num_workers else worker_init_fn
        super().__init__(dataset, *arguments, worker_init_fn=begin, num_workers=num_workers, **options)

    @classmethod
    def like(cls, loader: DataLoader) -> SteadyLoader:
        """The same as another loader, steady."""
        order = {"batch_size": loader.batch_size, "sampler": loader.sampler, "drop_last": loader.drop_last}
        return cls(loader.dataset, **order, **_options(loader))

    def __iter__(self) -> Iterator:
        return self._batches() if self.num_workers else super().__iter__()

    def _batches(self) -> Iterator:
        done, kills = 0, read_limits().kills
        batches = self._started(super().__iter__)
        while True:
            try:
                if any(worker.exitcode is not None for worker in self._workers):
                    raise EOFError
                batch = next(batches)
            except StopIteration:
                return
            except BROKEN as error:
                if not self._dead():
                    check_room(error)
                    raise
                self._report(read_limits().kills > kills, error)
            else:
                yield batch
                done, self._given = done + 1, self._given + 1
                continue
            # Below the block: its error holds the old workers, which new ones must not inherit.
            kills = read_limits().kills
            batches = self._iterator = None  # joins what is left of the workers
            batches = self._started(functools.partial(iter, self._rest(done)))

    def _started(self, start: Any) -> Iterator:
        """The batches of new workers, or of those that stay from one walk to the next."""
        if not gc.get_freeze_count():
            keep_shared()
        with _torch_is_quiet(), needing_room():
            batches = start()
        self._workers = list(batches._workers)
        return batches

    def _dead(self, seconds: float = 2.0) -> list[int]:
        """Places of the workers that have died; a connection breaks a moment before the system has ended the process behind it."""
        end = time.monotonic() + seconds
        while not (dead := [place for place, worker in enumerate(self._workers) if worker.exitcode is not None]):
            if time.monotonic() > end:
                break
            time.sleep(0.01)
        return dead

    def _report(self, for_memory: bool, error: BaseException) -> None:
        """One line about the first worker that has died, and the end of the others.

        Raises:
            UserError: it is one too many.
        """
        place = self._dead()[0]
        worker, file = self._workers[place], self.board.file(place)
        for other in self._workers:
            other.kill()
        line = f"Loader worker {place} (process {worker.pid}) {how_it_ended(worker.exitcode)}"
        line += f": {read_limits().ran_out}" if for_memory else ""
        line += f"; it was reading {file}" if file else ""
        if self._loss is not None and (self._given - self._loss[0] < APART or (file and file == self._loss[1])):
            raise UserError(f"{line}, and it is not the first. {WORKER_FIX}") from error
        self._loss = self._given, file
        self.board.clear()
        print_log(f"{line}. It is started again, with the same samples.", logger="current", level=logging.WARNING)

    def _rest(self, done: int) -> _Loader:
        """A loader of the batches after the first ``done``; it draws nothing from torch's own generator."""
        options = {**_options(self), "persistent_workers": False, "generator": torch.Generator()}
        if self.batch_sampler is None:
            return _Loader(self.dataset, batch_size=None, sampler=_Rest(self.sampler, done), **options)
        return _Loader(self.dataset, batch_sampler=_Rest(self.batch_sampler, done), **options)


class _Rest:
    """What a sampler gives after its first ``done``; nothing of that is loaded."""

    def __init__(self, sampler: Any, done: int) -> None:
        self.sampler, self.done = sampler, done

    def __iter__(self) -> Iterator:
        return itertools.islice(iter(self.sampler), self.done, None)

    def __len__(self) -> int:
        return len(self.sampler) - self.done


def _options(loader: DataLoader) -> dict[str, Any]:
    """What a loader was made with, but for the order of its samples."""
    names = ("num_workers", "collate_fn", "pin_memory", "timeout", "worker_init_fn", "prefetch_factor", "persistent_workers")
    return {name: getattr(loader, name) for name in (*names, "generator", "multiprocessing_context")}


@contextlib.contextmanager
def _torch_is_quiet() -> Iterator[None]:
    """Puts back the handler that torch replaces when it starts its first workers: it raises an error wherever this process is."""
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL if getattr(before, "__module__", "").startswith("torch.") else before)
