"""One of two processes of a training dies, or stops answering: one line, and the run goes on afterwards."""

import socket

import pytest

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
