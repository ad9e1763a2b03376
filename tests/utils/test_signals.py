"""Handlers of signals, and which processes have them."""

import multiprocessing
import os
import signal
import sys

import pytest

from mmseg.utils import signals
from mmseg.utils.signals import Stopped, StopRequest, end_with, ending_by_term, handled, this_process


def shown(number: int) -> str:
    return str(signal.getsignal(number))


def test_what_is_forked_handles_signals_as_if_nothing_had_been_set():
    """The workers of a pool would wait for ever where a handler in Python runs between two waits."""
    before = shown(signal.SIGTERM), shown(signal.SIGUSR1)
    with ending_by_term(), handled(lambda *_: None, [signal.SIGTERM, signal.SIGUSR1]), multiprocessing.get_context("fork").Pool(1) as pool:
        assert (shown(signal.SIGTERM), shown(signal.SIGUSR1)) != before
        assert tuple(pool.map(shown, [signal.SIGTERM, signal.SIGUSR1])) == before
    assert (shown(signal.SIGTERM), shown(signal.SIGUSR1)) == before


def test_sigterm_stops_a_command():
    with pytest.raises(Stopped) as stop, ending_by_term():
        signal.raise_signal(signal.SIGTERM)
    assert stop.value.number == 15 and stop.value.reason == "stopped by SIGTERM"


def test_a_request_is_noted_once_there_is_something_to_end(monkeypatch):
    noted, now = [], iter([10.0, 10.5, 11.5])
    monkeypatch.setattr(signals.time, "monotonic", lambda: next(now))
    request = StopRequest(noted.append)
    with pytest.raises(Stopped):
        request.handle(signal.SIGINT)
    request.patient = True
    request.handle(signal.SIGUSR1)
    request.handle(signal.SIGTERM)  # half a second later: the same one, by another sender
    assert noted == [signal.SIGUSR1] and request.number == signal.SIGUSR1
    with pytest.raises(Stopped) as stop:
        request.handle(signal.SIGTERM)
    assert stop.value.number == signal.SIGTERM


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_process_ends_with_the_one_that_it_is_tied_to(monkeypatch):
    """A number that another process has by now is not the one that was meant."""
    sent = []
    monkeypatch.setattr(signals.os, "kill", lambda process, number: sent.append((process, number)) if number else None)
    monkeypatch.setattr(signals, "LOOK", 0.01)
    number, started = this_process().split()
    assert int(number) == os.getpid()
    end_with(f"{number} {int(started) + 1}")
    for _ in range(500):
        if sent:
            break
        signals.time.sleep(0.01)
    assert sent == [(os.getpid(), signal.SIGTERM)]
