"""Signals that ask a command to end: Ctrl-C, and those of schedulers before they take a machine away."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""What Ctrl-C, Kubernetes and spot machines, and Slurm's ``--signal=USR1@60`` send."""
TWICE = 1.0
"""Seconds within which a signal is the same one, sent by several: the terminal, torchrun and Slurm each send it to all processes."""
LAUNCHER = "MMSEG_LAUNCHER"
"""Environment variable that names the process which the commands of this one end with, see :func:`this_process`."""
LOOK = 2.0
"""Seconds between two looks at that process."""


class Stopped(KeyboardInterrupt):
    """A signal has ended a command: its text says how to go on, its exit code is 128 + ``number``.

    Attributes:
        agreed: whether all processes of a training end so, after the same iteration.
        iteration: how many are done, where a state was written.
    """

    def __init__(self, number: int, *text: str, agreed: bool = False, iteration: int | None = None) -> None:
        super().__init__(*text)
        self.number, self.agreed, self.iteration = signal.Signals(number), agreed, iteration

    @property
    def reason(self) -> str:
        """What a line about it begins with."""
        return "interrupted" if self.number == signal.SIGINT else f"stopped by {self.number.name}"


class StopRequest:
    """Whether a signal has asked this process to end. Once it is patient, it notes the first one and is ended by a second one.

    Args:
        noted: called with the signal that was noted.

    Attributes:
        patient: whether there is something that should be brought to its end.
        number: the signal that was noted; None as long as there was none.
    """

    def __init__(self, noted: Callable[[signal.Signals], None]) -> None:
        self.noted, self.patient, self.number, self.time = noted, False, None, 0.0

    def handle(self, number: int, _: FrameType | None = None) -> None:
        """The handler.

        Raises:
            Stopped: nothing has to be brought to its end, or this is the second signal.
        """
        if not self.patient:
            raise Stopped(number)
        if self.number is None:
            self.number, self.time = signal.Signals(number), time.monotonic()
            self.noted(self.number)
        elif time.monotonic() - self.time > TWICE:
            raise Stopped(number)


_before: dict[int, Callable | int | None] = {}
"""Handlers of before, by the signals that are handled now."""


@contextlib.contextmanager
def handled(handler: Callable[[int, FrameType | None], None], numbers: Sequence[int]) -> Iterator[None]:
    """Signals reach a handler for as long as the context lasts; in this process, not in those that it forks.

    A signal that this process was started to ignore, such as SIGINT in the background of a shell, is ignored further. Threads other
    than the main one cannot handle signals, and do not.
    """
    before = {number: signal.getsignal(number) for number in numbers} if threading.current_thread() is threading.main_thread() else {}
    outermost = [number for number in before if number not in _before]
    _before.update({number: before[number] for number in outermost})
    for number, old in before.items():
        if old != signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
        for number in outermost:
            del _before[number]


def _as_before() -> None:
    """In a process that was forked: a pool ends its workers by SIGTERM, which a handler in Python may miss while it waits for work."""
    for number, old in _before.items():
        signal.signal(number, old)
    _before.clear()


os.register_at_fork(after_in_child=_as_before)


@contextlib.contextmanager
def ending_by_term() -> Iterator[None]:
    """SIGTERM raises :class:`Stopped`."""

    def stop(number: int, _: FrameType | None) -> None:
        raise Stopped(number)

    with handled(stop, [signal.SIGTERM]):
        yield


def shield_worker(_: int = 0) -> None:
    """In a loader worker: of the signals that ask a training to end, only one from the training itself ends it.

    The terminal and Slurm send them to all processes, and a training may need one more batch. torch ends its workers by SIGTERM.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    if not hasattr(signal, "sigwaitinfo"):  # macOS does not say who has sent a signal
        return
    parent = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wait() -> None:
        while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent:
            continue
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def how_it_ended(code: int) -> str:
    """In words, how a process has ended.

    Args:
        code: as Python gives it, negative for a signal.
    """
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def this_process() -> str:
    """A name of this process that no later one has."""
    return process_name(os.getpid())


def process_name(number: int) -> str:
    """The name of the process that has a number now, see :func:`this_process`."""
    return f"{number} {_status(number)[0]}"


def end_with(name: str) -> None:
    """Sends SIGTERM to this process as soon as the one called ``name`` has ended, however that ended.

    Args:
        name: of :func:`this_process`, in the launcher.
    """

    def watch() -> None:
        while process_state(name) is not None:
            time.sleep(LOOK)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def process_state(name: str) -> str | None:
    """The letter of the system for what a process does: R runs, S sleeps, T is stopped, …; None once it has ended.

    Args:
        name: of :func:`this_process`.
    """
    number, started = name.split()
    now, state = _status(int(number))
    return state if now == started else None


def _status(process: int) -> tuple[str, str]:
    """When a process was started, as its system counts, and the letter for what it does.

    ('-', '-') where the system does not say, ('ended', '-') where there is no such process.
    """
    try:
        os.kill(process, 0)
        text = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except ProcessLookupError:
        return "ended", "-"
    except OSError:  # of another user, or no /proc
        return "-", "-"
    return ("ended", "-") if text[0] in "ZX" else (text[19], text[0])
