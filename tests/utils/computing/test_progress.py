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


def test_a_disk_without_room_for_all_results(tmp_path, filling_disk, capsys):
    """Such as the labels of a converter."""
    assert len(list(mapped(squared, range(9), nproc=1, title="Squaring", out=tmp_path))) == 9
    assert capsys.readouterr().out.startswith(f"{filling_disk} {tmp_path}, and the rest needs about 7.9 kB (1 of 9 are written).")


def test_a_killed_process_is_one_line():
    """multiprocessing's own pool would wait for ever."""
    with pytest.raises(UserError, match=r"^Reading: a worker process was ended from outside, at \w.png or soon after\. If memory ran out"):
        list(mapped(killed, ["a.png", "b.png"], nproc=2, title="Reading"))
