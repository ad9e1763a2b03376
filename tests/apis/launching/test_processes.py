"""Commands of trainings, and their end."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from mmseg.apis.launching import processes
from mmseg.apis.launching.processes import Children, Start, interruptible
from mmseg.apis.launching.runs import Run
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT
from mmseg.utils.signals import Stopped

RUN = Run(cfg=None, folder=Path("work_dirs/a"))
TRAIN = [str(ROOT / "tools/train.py"), "work_dirs/a/config.py", "--work-dir", "work_dirs/a"]


def test_one_process():
    assert Start().command(RUN) == [sys.executable, *TRAIN]


def test_several_processes():
    command = Start(gpus=4).command(RUN)
    torchrun = [str(ROOT / "tools/torchrun.py"), "--standalone", "--nproc_per_node", "4"]
    assert command == [sys.executable, *torchrun, *TRAIN, "--launcher", "pytorch"]


def test_slurm(monkeypatch):
    """The user's options come last, so that they win."""
    monkeypatch.setenv("SRUN_ARGS", "--partition gpu --job-name 'two words'")
    command = Start(gpus=2, launcher="slurm").command(RUN)
    own = ["srun", "--nodes", "1", "--ntasks", "2", "--gres=gpu:2", "--kill-on-bad-exit", "--quit-on-interrupt"]
    assert command == [*own, "--partition", "gpu", "--job-name", "two words", sys.executable, *TRAIN, "--launcher", "slurm"]


def test_more_processes_than_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    Start(gpus=2).check()
    with pytest.raises(UserError, match="--gpus 3: this machine has 2"):
        Start(gpus=3).check()
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)  # processes on a CPU
    Start(gpus=3).check()


def test_a_run_with_a_state_is_resumed(tmp_path):
    (tmp_path / "latest.pth").touch()
    assert Start().command(Run(cfg=None, folder=tmp_path))[-1] == "--resume"


@pytest.mark.parametrize(("gpus", "jobs", "expected"), [(None, 1, "8"), (None, 2, "4"), (2, 2, "2"), (None, 16, "1")])
def test_trainings_share_the_cores(gpus, jobs, expected, monkeypatch):
    """Unless the environment says how many threads each has."""
    monkeypatch.setattr(processes, "usable_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert Start(gpus=gpus).environment(0, jobs)["OMP_NUM_THREADS"] == expected
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert Start(gpus=gpus).environment(0, jobs)["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize(
    ("gpus", "jobs", "visible", "expected"),
    [
        (None, 1, None, [None]),
        (None, 3, None, ["0", "1", "2"]),
        (2, 3, None, ["0,1", "2,3", "0,1"]),
        (None, 2, "5,7,2,3", ["5", "7"]),
    ],
)
def test_runs_at_the_same_time_share_the_gpus(monkeypatch, gpus, jobs, visible, expected):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    start = Start(gpus=gpus)
    assert [start.environment(slot, jobs).get("CUDA_VISIBLE_DEVICES") for slot in range(jobs)] == expected


SLEEPER = "import time\nprint('ready', flush=True)\ntime.sleep(600)"
STUBBORN = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SLEEPER}"
LONG = 300.0


@pytest.fixture
def background():
    """This process ignores Ctrl-C, as what a shell has started in the background does."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("code", "patience", "ended_by"), [(SLEEPER, LONG, signal.SIGTERM), (STUBBORN, 0.1, signal.SIGKILL)])
def test_children_end_with_the_launcher(monkeypatch, code, patience, ended_by):
    monkeypatch.setattr(processes, "ENDINGS", ((signal.SIGTERM, patience), (signal.SIGKILL, LONG)))
    children, codes = Children(), []
    read, write = os.pipe()
    command = [sys.executable, "-c", code]
    thread = threading.Thread(target=lambda: codes.append(children.call(command, stdout=write, stderr=subprocess.DEVNULL)))
    thread.start()
    assert os.read(read, 5) == b"ready"
    children.end()
    thread.join(LONG)
    assert codes == [-ended_by]
    assert children.call([sys.executable, "-c", "print('late')"]) == 130  # none starts any more


def test_a_second_signal_is_not_waited_for(monkeypatch):
    """The training is deaf to the first; it would be waited for five minutes."""
    monkeypatch.setattr(processes, "ENDINGS", ((signal.SIGTERM, LONG), (signal.SIGKILL, LONG)))
    codes = []
    with pytest.raises(Stopped) as ended, ThreadPoolExecutor(1) as pool, interruptible() as children:
        read, write = os.pipe()
        codes.append(pool.submit(children.call, [sys.executable, "-c", STUBBORN], stdout=write))
        assert os.read(read, 5) == b"ready"
        threading.Timer(1.0, signal.raise_signal, (signal.SIGINT,)).start()
        signal.raise_signal(signal.SIGUSR1)
    assert ended.value.number == signal.SIGUSR1 and codes[0].result() == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP])
def test_what_has_ended_the_launcher(number):
    """Whatever the tests themselves were started to ignore."""
    ignored = signal.signal(number, signal.SIG_DFL)
    try:
        check_end_by(number)
    finally:
        signal.signal(number, ignored)


def check_end_by(number):
    with pytest.raises(Stopped) as ended, interruptible():
        signal.raise_signal(number)
    assert ended.value.number == number


def test_termination_is_an_interrupt(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run_experiments.py", "--exp", "7", "--cfg-options", "a=b c"])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt) as ended, interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
    assert signal.getsignal(signal.SIGTERM) is before
    command = "python run_experiments.py --exp 7 --cfg-options 'a=b c'"
    assert str(ended.value) == f"Trainings stopped, their last states are kept. Go on with: {command}"


def test_an_ignored_interrupt_stays_ignored_but_reaches_the_children(background, capfd):
    show = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    with interruptible() as children:
        signal.raise_signal(signal.SIGINT)
        assert children.call([sys.executable, "-c", show]) == 0
    assert capfd.readouterr().out == "True\n" and signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_termination_ends_children_in_the_background(background, monkeypatch):
    """In the orderly way."""
    monkeypatch.setattr(processes, "ENDINGS", ((signal.SIGTERM, LONG),))
    sent = f"import os, signal\nos.kill({os.getpid()}, signal.SIGTERM)\n{SLEEPER}"
    with pytest.raises(KeyboardInterrupt), ThreadPoolExecutor(1) as pool, interruptible() as children:
        code = pool.submit(children.call, [sys.executable, "-c", sent], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        code.result()
    assert code.result() == -signal.SIGTERM
