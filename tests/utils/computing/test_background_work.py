"""Calls in threads: all are made, few wait, and an error ends the work."""

import threading
import time

import pytest

from mmseg.utils.computing.background_work import BackgroundWork


def test_all_calls_are_made_at_the_end():
    done = []
    with BackgroundWork(threads=2, waiting=1) as threads:
        for number in range(20):
            threads.submit(done.append, number)
    assert sorted(done) == list(range(20))


def test_few_calls_wait():
    """So that what they hold does not fill the memory."""
    going, most, guard = set(), [], threading.Lock()

    def call(number: int) -> None:
        time.sleep(0.005)
        with guard:
            going.discard(number)

    with BackgroundWork(threads=2, waiting=3) as threads:
        for number in range(30):
            with guard:
                going.add(number)
                most.append(len(going))
            threads.submit(call, number)
    assert max(most) <= 2 + 3 + 1 and not going


def fail() -> None:
    raise OSError("full")


def test_an_error_is_raised_and_nothing_further_begins():
    done = []
    with pytest.raises(OSError, match="full"), BackgroundWork(threads=1, waiting=0) as threads:
        threads.submit(fail)
        for number in range(100):
            threads.submit(done.append, number)
    assert len(done) < 3


def test_an_error_of_the_last_call_is_raised_at_the_end():
    with pytest.raises(OSError, match="full"), BackgroundWork(threads=1, waiting=5) as threads:
        threads.submit(fail)


def test_an_error_of_the_main_thread_goes_before():
    with pytest.raises(KeyError), BackgroundWork(threads=1, waiting=5) as threads:
        threads.submit(fail)
        raise KeyError
