"""One training in several processes: torchrun and Slurm, on CPUs."""

import json
import socket
from pathlib import Path

import torch

import run_experiments
from mmseg.utils.computing.launchers import STARTED_BY
from tests import tiny
from tests.cli.study_script import launched
from tools import train as train_tool


def state(folder: Path) -> dict:
    return torch.load(folder / "latest.pth", weights_only=True)


def check(folder: Path, trained: Path) -> None:
    """The state has the entries that one process writes, so that one process may resume it."""
    assert json.loads((folder / "result.json").read_text())["iteration"] == 2
    ours, theirs = state(folder), state(trained)
    assert ours.keys() == theirs.keys() and ours["state_dict"].keys() == theirs["state_dict"].keys()


def test_torchrun_with_one_process_learns_the_same(tiny_data, tmp_path, trained):
    options = tiny.options(tiny_data, work_dir=str(tmp_path))
    done = launched(tiny.command("run_experiments.py", "--config", tiny.CONFIG, "--gpus", "1", *options))
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = tmp_path.iterdir()
    check(folder, trained)
    torch.testing.assert_close(state(folder)["state_dict"], state(trained)["state_dict"])


SRUN = """#!/bin/sh
echo "$@" > "$0.log"
until [ "$1" = gpu ]; do shift; done  # the last of the options, which are the user's
shift
export SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=1 SLURM_JOB_ID=1 SLURM_STEP_ID=0 SLURM_JOB_NODELIST='node[1-1]'
exec "$@"
"""
SCONTROL = """#!/bin/sh
test "$*" = "show hostnames node[1-1]" && echo localhost
"""


def test_slurm(tiny_data, tmp_path, trained, monkeypatch):
    for name, script in {"srun": SRUN, "scontrol": SCONTROL}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    for name, value in {"SRUN_ARGS": "--partition gpu", "MASTER_PORT": str(port)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    options = tiny.options(tiny_data, work_dir=str(tmp_path / "runs"))
    done = launched(tiny.command("run_experiments.py", "--config", tiny.CONFIG, "--launcher", "slurm", *options))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " --partition gpu " in (tmp_path / "srun.log").read_text()
    (folder,) = (tmp_path / "runs").iterdir()
    check(folder, trained)


def test_a_launcher_that_started_nothing(fails, folder, monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--launcher", "pytorch")
    assert line == f"--launcher pytorch needs the environment variable RANK. Start the command with {STARTED_BY['pytorch']}."
    assert not folder.exists()


def test_no_slurm(fails, tiny_data, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    options = tiny.options(tiny_data, work_dir=str(tmp_path / "runs"))
    line = fails(run_experiments.main, "--config", tiny.CONFIG, "--launcher", "slurm", *options)
    assert (
        line == "--launcher slurm needs the command srun, which is not on this machine. Start it on a login node, or leave the option out."
    )
