"""Work in several processes, one of which may be killed."""

import os
import signal

import pytest

from mmseg.utils.computing.progress import mapped
from mmseg.utils.errors import UserError


def squared(number: int) -> int:
    return number * number


def killed(name: str) -> str:
    if name == "b.png":
        os.kill(os.getpid(), signal.SIGKILL)
    return name


@pytest.mark.parametrize("nproc", [1, 2])
def test_results_come_in_order(nproc):
    assert list(mapped(squared, range(9), nproc=nproc, title="Squaring")) == [number * number for number in range(9)]


def test_a_killed_process_is_one_line():
    """multiprocessing's own pool would wait for ever."""
    with pytest.raises(UserError, match=r"^Reading: a worker process was ended from outside, at \w.png or soon after\. If memory ran out"):
        list(mapped(killed, ["a.png", "b.png"], nproc=2, title="Reading"))
