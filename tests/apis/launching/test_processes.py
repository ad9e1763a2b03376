"""Commands of trainings, and their end."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from mmseg.apis.launching import processes
from mmseg.apis.launching.processes import Children, Start, interruptible
from mmseg.apis.launching.runs import ROOT, Run
from mmseg.utils.errors import UserError

RUN = Run(cfg=None, folder=Path("work_dirs/a"))
TRAIN = [str(ROOT / "tools/train.py"), "work_dirs/a/config.py", "--work-dir", "work_dirs/a"]


def test_one_process():
    assert Start().command(RUN) == [sys.executable, *TRAIN]


def test_several_processes():
    command = Start(gpus=4).command(RUN)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "4"]
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


STUBBORN = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(60)"


@pytest.mark.parametrize(
    ("code", "ended_by"), [("import time\nprint('ready', flush=True)\ntime.sleep(60)", signal.SIGINT), (STUBBORN, signal.SIGTERM)]
)
def test_children_end_with_the_launcher(monkeypatch, code, ended_by):
    monkeypatch.setattr(processes, "PATIENCE", {signal.SIGINT: 1.0, signal.SIGTERM: 10.0, signal.SIGKILL: 10.0})
    children, codes = Children(), []
    read, write = os.pipe()
    command = [sys.executable, "-c", code]
    thread = threading.Thread(target=lambda: codes.append(children.call(command, stdout=write, stderr=subprocess.DEVNULL)))
    thread.start()
    assert os.read(read, 5) == b"ready"
    children.end()
    thread.join(10)
    assert codes == [-ended_by]
    assert children.call([sys.executable, "-c", "print('late')"]) == 130  # none starts any more


def test_termination_is_an_interrupt(capsys):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().err == "Trainings stopped, their last states are kept. The same command goes on from there.\n"
