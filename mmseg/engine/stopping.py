"""A training that a signal asks to end: after the running iteration, in all of its processes after the same one, with a checkpoint."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import torch
from torch import distributed

from mmseg.utils.signals import ASKING, StopRequest, handled

TOGETHER = 20.0
"""Seconds that a process waits for the others before it ends: the grace time of most schedulers is 30 seconds."""
LOOK = 0.05
"""Seconds between two looks for them."""


class Stopping:
    """The signals that the processes of a training have noted.

    Args:
        request: of this process.
        timeout: how long an iteration waits for the others: on a GPU, this is where a process that does not answer is noticed first.

    Attributes:
        request: of this process.
    """

    def __init__(self, request: StopRequest, timeout: timedelta | None = None) -> None:
        self.request = request
        # Numbers of the host travel beside the gradients, so that no GPU is waited for.
        self._group = distributed.new_group(timeout=timeout, backend="gloo") if distributed.is_initialized() else None
        self._known: tuple[torch.Tensor, distributed.Work] | None = None

    def begin(self) -> None:
        """At the begin of an iteration: asks the others, without waiting for their answers."""
        self.request.patient = True
        if self._group is not None:
            known = torch.tensor(self.request.number or 0)
            self._known = known, distributed.all_reduce(known, distributed.ReduceOp.MAX, self._group, async_op=True)

    def agreed(self) -> int | None:
        """At the end of an iteration: the signal that a process has noted, in all processes after the same iteration; or None."""
        if self._known is None:
            return self.request.number
        known, work = self._known
        work.wait()
        return int(known) or None

    def together(self) -> bool:
        """Waits for the other processes: the launcher ends all as soon as one has ended. Returns whether they were asked to end as well.

        By the store in which they have met: a process that waits in an exchange, as at the end of an evaluation, comes to no barrier,
        and those of torch end late without the first one.
        """
        if self._group is None:
            return True
        store, own, end = distributed.distributed_c10d._get_default_store(), distributed.get_rank(), time.monotonic() + TOGETHER
        try:
            for what in ("here", "told"):
                store.set(f"stopping/{what}/{own}", "")
                if what == "told" and own > 0:  # the first one may keep the store, and leaves last
                    break
                while not store.check([f"stopping/{what}/{rank}" for rank in range(distributed.get_world_size())]):
                    if time.monotonic() > end:
                        return False
                    time.sleep(LOOK)
        except RuntimeError:  # who has kept the store is gone
            return False
        return True


@contextlib.contextmanager
def stoppable(*, first: bool, lost: Callable[[], object] = bool) -> Iterator[StopRequest]:
    """Signals end the training within this context, see :class:`~mmseg.utils.signals.StopRequest`.

    Args:
        first: whether this process says so.
        lost: whether another process has ended; then its launcher sends the signal, which is worth no word.
    """

    def say(number: signal.Signals) -> None:
        if first and not lost():  # the streams of Python may be amid a write
            os.write(2, f"{number.name}: ends after this iteration, with a checkpoint. Another signal ends it at once.\n".encode())

    request = StopRequest(say)
    with handled(request.handle, ASKING):
        yield request
