"""One of two processes of a training dies, or stops answering: one line, and the run goes on afterwards."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from mmseg.utils.signals import process_name, process_state
from tests import tiny
from tests.faults.harness import BEFORE, IN_EVALUATION, IN_STEP, assert_same_run, script, state, train

HOST = socket.gethostname()
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
STOPPED = "os.kill(os.getpid(), signal.SIGSTOP)"
OPTIONS = {"default_hooks.checkpoint.interval": 2}


def errors(ended) -> list[str]:
    assert "Traceback" not in ended.stderr, ended.stderr
    return [line for line in ended.stderr.splitlines() if line.startswith("error: ")]


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory):
    """The same of two processes that nothing disturbs."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = train(folder, tiny_data, processes=2, **OPTIONS)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    ("moment", "what", "iteration", "said"),
    [
        (IN_STEP, KILLED, 3, "was ended by SIGKILL after iteration 3."),
        (IN_EVALUATION, "os._exit(7)", 3, "ended with exit code 7 after iteration 3."),
        (BEFORE, f"if rank == 1: {KILLED}", 0, "was ended by SIGKILL"),
    ],
)
def test_a_process_dies(moment, what, iteration, said, tiny_data, tmp_path):
    ended = train(tmp_path / "run", tiny_data, script(tmp_path, moment, what, iteration, rank=1), processes=2, **OPTIONS)
    (line,) = errors(ended)
    assert ended.returncode == 2 and line.startswith(f"error: Process 1 on {HOST} {said}")


def test_a_process_stops_answering(whole, tiny_data, tmp_path):
    folder, timeout = tmp_path / "run", {"env_cfg.dist_cfg.timeout": 20}
    ended = train(folder, tiny_data, script(tmp_path, IN_STEP, STOPPED, 3, rank=1), processes=2, **OPTIONS, **timeout)
    (line,) = errors(ended)
    said = f"Process 1 on {HOST} has not answered for 20 s (env_cfg.dist_cfg.timeout) after iteration 3: it is stopped (SIGSTOP)."
    assert ended.returncode == 2 and line.startswith(f"error: {said}")
    assert any(said in path.read_text() for path in folder.glob("*/*.log")) and state(folder)["meta"]["iteration"] == 2
    done = train(folder, tiny_data, "tools/train.py", "--resume", processes=2, **OPTIONS)
    assert done.returncode == 0, done.stderr
    assert_same_run(whole, folder)


ALONE = "from mmseg.engine import stopping; stopping.TOGETHER = 2.0; os.kill(os.getpid(), signal.SIGTERM)"


def test_a_signal_to_one_process_amid_an_evaluation(whole, tiny_data, tmp_path):
    """The other one waits at its end, where it answers to nothing: it has to be left behind."""
    folder = tmp_path / "run"
    ended = train(folder, tiny_data, script(tmp_path, IN_EVALUATION, ALONE, 3, rank=1), processes=2, **OPTIONS)
    assert ended.returncode == 143 and not errors(ended)
    assert ended.stderr.splitlines()[-1] == "stopped by SIGTERM. A training goes on by the same command with --resume."
    assert state(folder)["meta"]["iteration"] == 2
    done = train(folder, tiny_data, "tools/train.py", "--resume", processes=2, **OPTIONS)
    assert done.returncode == 0, done.stderr
    assert_same_run(whole, folder)


CHILD = """
import os, sys, time
sys.path.insert(0, {root!r})
from mmseg.utils.errors import command_line

@command_line
def main():
    open(os.path.join({folder!r}, "named"), "a").write(f"{{os.getpid()}}\\n")
    time.sleep(100)

main()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_torchrun_is_killed(tmp_path):
    """Its processes end within seconds, wherever they are: these have not even loaded torch."""
    child, named = tmp_path / "child.py", tmp_path / "named"
    child.write_text(CHILD.format(root=str(tiny.ROOT), folder=str(tmp_path)))
    command = tiny.command("tools/torchrun.py", "--standalone", "--nproc_per_node", "2", str(child))
    running = subprocess.Popen(command, env=tiny.environment(), stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_for(lambda: named.exists() and len(named.read_text().splitlines()) == 2)
        children = [process_name(int(line)) for line in named.read_text().split()]
        assert all(map(process_state, children))
        running.kill()
        wait_for(lambda: not any(map(process_state, children)))
    finally:
        os.killpg(running.pid, signal.SIGKILL)
    said = running.communicate()[1]
    assert said.count("stopped by SIGTERM") == 2 and "Traceback" not in said


def wait_for(happens, seconds=60):
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.1)
