"""A training that a signal asks to end: after the running iteration, in all of its processes after the same one, with a checkpoint."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta

import torch
from torch import distributed

from mmseg.utils.signals import ASKING, StopRequest, handled

TOGETHER = timedelta(seconds=20)
"""How long a process waits for the others before it ends: the grace time of most schedulers is 30 seconds."""


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
        """Waits for the other processes: the launcher ends all as soon as one has ended. Returns whether they were asked to end as well."""
        if self._group is not None:
            try:
                distributed.monitored_barrier(self._group, TOGETHER)
            except RuntimeError:
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
