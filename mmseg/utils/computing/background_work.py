"""Work in threads while a network computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any


class BackgroundWork:
    """Calls that threads make one after the other, with a bounded number of them waiting; a context that ends when all are done.

    An error of a call is raised by the next :meth:`submit`, or at the end. Where the context ends with an error, what waits is dropped and
    what is being written is finished.

    Args:
        threads: number of threads.
        waiting: calls that may be ahead of the threads; :meth:`submit` waits for the oldest beyond that.
    """

    def __init__(self, *, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        self._calls: deque[Future] = deque()
        self._limit = threads + waiting

    def __enter__(self) -> BackgroundWork:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            while kind is None and self._calls:
                self._calls.popleft().result()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def submit(self, call: Callable[..., None], *arguments: Any) -> None:
        """Has a thread make a call.

        Raises:
            Exception: that of an earlier call.
        """
        while self._calls and (len(self._calls) >= self._limit or self._calls[0].done()):
            self._calls.popleft().result()
        self._calls.append(self._pool.submit(call, *arguments))
