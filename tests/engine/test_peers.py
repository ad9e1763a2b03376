"""What a process sees of the others of its training."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from mmseg.apis.launching import torchrun
from mmseg.engine.distributed import LOST, LOST_ANOTHER, SILENT, account
from mmseg.engine.peers import ENDED, Peer, Peers
from mmseg.utils.errors import UserError
from mmseg.utils.signals import Stopped, process_name, this_process


@pytest.fixture
def other():
    child = subprocess.Popen([sys.executable, "-c", "print(1, flush=True); import time; time.sleep(600)"], stdout=subprocess.PIPE)
    child.stdout.read(1)
    yield child
    child.kill()
    child.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not show the states of processes")
def test_states_of_another_process(other):
    peers = Peers()
    assert peers.near == [] and peers.troubles() == {} and peers.speaks({}) and peers.elsewhere() == []
    first = Peer(0, "here", "", process_name(other.pid))
    peers.own, far = Peer(1, "here", "", this_process()), Peer(2, "there", "", "1 1")
    peers.all = [first, peers.own, far]
    assert peers.near == [first] and peers.elsewhere() == ["there"]
    assert peers.troubles() == {} and not peers.speaks({})
    os.kill(other.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, other.pid, os.WSTOPPED | os.WNOWAIT)
    assert peers.troubles() == {first: "is stopped (SIGSTOP)"} and peers.speaks(peers.troubles())
    other.kill()
    assert peers.troubles(60.0) == {first: ENDED}


ONE = Peer(1, "node", "", "1 1")
WAITED = timedelta(seconds=600)


@pytest.mark.parametrize(
    ("gone", "iteration", "waited", "elsewhere", "text"),
    [
        ({ONE: ENDED}, 3, WAITED, (), "Process 1 on node has ended after iteration 3. "),
        ({}, None, None, (), LOST),
        ({ONE: "is stopped (SIGSTOP)"}, 3, WAITED, (), "after iteration 3: it is stopped (SIGSTOP). " + SILENT),
        ({}, 3, WAITED, ("a", "b"), "Another process of this training on a or b has not answered for 600 s (env_cfg.dist_cfg.timeout)"),
    ],
)
def test_one_line(gone, iteration, waited, elsewhere, text):
    assert text in account(gone, iteration, waited, elsewhere)


class Failure:
    def __init__(self, exitcode: int) -> None:
        self.exitcode = exitcode


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([LOST_ANOTHER, -signal.SIGKILL], "Process 1 on .* was ended by SIGKILL after iteration 3."),
        ([-signal.SIGTERM, 7, 143], "Process 1 on .* ended with exit code 7 after iteration 3."),
        ([LOST_ANOTHER], LOST),
        ([2, -signal.SIGKILL], 2),
        ([130, 130], 130),
    ],
)
def test_what_torchrun_says(codes, said, tmp_path):
    (tmp_path / "last").write_text("3")
    failures = {rank: Failure(code) for rank, code in enumerate(codes)}
    if isinstance(said, int):
        assert torchrun.end(failures, str(tmp_path / "last"), 0) == said
        return
    with pytest.raises(UserError, match=f"^{said}"):
        torchrun.end(failures, str(tmp_path / "last"), 0)


@pytest.mark.parametrize("codes", [[143, 143], [LOST_ANOTHER, 143], [-signal.SIGTERM, 143]])
def test_torchrun_says_that_processes_were_asked_to_end(codes, tmp_path):
    """By SIGTERM, which they leave to their launcher to say."""
    with pytest.raises(Stopped) as stop:
        torchrun.end({rank: Failure(code) for rank, code in enumerate(codes)}, str(tmp_path / "last"), 0)
    assert (stop.value.number, stop.value.args) == (signal.SIGTERM, (torchrun.GO_ON,))
