"""A training that is asked to end by a signal ends with a state, and goes on from it as if nothing had been."""

import signal

import pytest

from tests import tiny
from tests.faults.harness import BEFORE, IN_EVALUATION, IN_STEP, assert_same_run, script, state, train

ASKED = "os.kill(os.getpid(), signal.{})"
ALL = "os.killpg(0, signal.{})"
TWICE = "os.kill(os.getpid(), signal.SIGTERM); time.sleep(1.5); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"


def goes_on(folder, data, **options) -> None:
    done = train(folder, data, "tools/train.py", "--resume", **options)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "moment", "iteration", "done", "workers"),
    [
        ("SIGINT", IN_STEP, 1, 2, 0),
        ("SIGTERM", IN_STEP, 0, 1, 2),
        ("SIGUSR1", IN_EVALUATION, 3, 3, 0),
        ("SIGTERM", IN_EVALUATION, 6, 6, 0),  # the last one
    ],
)
def test_a_signal(name, moment, iteration, done, workers, whole, tiny_data, tmp_path):
    """It reaches all processes, loader workers as well, as that of a terminal does."""
    folder, options = tmp_path / "run", {"train_dataloader.num_workers": workers}
    ended = train(folder, tiny_data, script(tmp_path, moment, ALL.format(name), iteration), **options)
    number = getattr(signal, name)
    assert ended.returncode == 128 + number, ended.stderr
    first, last = (ended.stderr.splitlines()[index] for index in (0, -1))
    assert first == f"{name}: ends after this iteration, with a checkpoint. Another signal ends it at once."
    reason = "interrupted" if name == "SIGINT" else f"stopped by {name}"
    assert last.startswith(f"{reason}. Go on with: python tools/train.py {tiny.CONFIG} --resume --work-dir {folder} ")
    assert state(folder)["meta"]["iteration"] == done and not (folder / "result.json").exists()
    assert not list(folder.glob("*.part*")) and not (folder / ".lock").exists()
    goes_on(folder, tiny_data, **options)
    assert_same_run(whole, folder)


def test_a_second_signal_ends_it_at_once(tiny_data, tmp_path):
    """The state of before stays."""
    folder, options = tmp_path / "run", {"default_hooks.checkpoint.interval": 1}
    ended = train(folder, tiny_data, script(tmp_path, IN_STEP, TWICE, 1), **options)
    assert ended.returncode == 128 + signal.SIGINT, ended.stderr
    assert state(folder)["meta"]["iteration"] == 1


def test_before_the_first_iteration_there_is_nothing_to_keep(tiny_data, tmp_path):
    folder = tmp_path / "run"
    ended = train(folder, tiny_data, script(tmp_path, BEFORE, ASKED.format("SIGTERM")))
    assert ended.returncode == 143 and "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("stopped by SIGTERM. Go on with: python tools/train.py")
    assert not (folder / "latest.pth").exists() and not (folder / ".lock").exists()
