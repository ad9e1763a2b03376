"""Joining the processes of one training."""

from __future__ import annotations

import os
import subprocess
from typing import Literal

import torch
from torch import distributed

from mmseg.utils.errors import UserError

Launcher = Literal["none", "pytorch", "slurm"]
LAUNCHERS: tuple[Launcher, ...] = ("none", "pytorch", "slurm")
RANK = {"pytorch": "RANK", "slurm": "SLURM_PROCID"}
STARTED_BY = {"pytorch": "python -m torch.distributed.run --standalone --nproc_per_node N", "slurm": "srun --ntasks N"}


def is_first_process(launcher: Launcher) -> bool:
    """Whether this is the process that writes files; known before :func:`join_processes`.

    Raises:
        UserError: the launcher did not start this process.
    """
    if launcher == "none":
        return True
    if RANK[launcher] not in os.environ:
        start = STARTED_BY[launcher]
        raise UserError(f"--launcher {launcher} needs the environment variable {RANK[launcher]}. Start the command with {start}.")
    return os.environ[RANK[launcher]] == "0"


def join_processes(launcher: Launcher, backend: str) -> None:
    """Makes the processes of one training know each other; the runner finds that done.

    Args:
        launcher: what started them.
        backend: of torch.distributed on a GPU; without one it is gloo.
    """
    if launcher == "slurm":
        os.environ.update(slurm_variables())
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    distributed.init_process_group(backend if torch.cuda.is_available() else "gloo")


def slurm_variables() -> dict[str, str]:
    """What torch.distributed reads from the environment, from what Slurm sets for each task."""
    names = {"RANK": "SLURM_PROCID", "LOCAL_RANK": "SLURM_LOCALID", "WORLD_SIZE": "SLURM_NTASKS"}
    address = {"MASTER_ADDR": os.environ.get("MASTER_ADDR") or first_host(os.environ["SLURM_JOB_NODELIST"])}
    port = 20000 + (16 * int(os.environ["SLURM_JOB_ID"]) + int(os.environ["SLURM_STEP_ID"])) % 20000  # trainings may share a node
    values = {name: os.environ[variable] for name, variable in names.items()}
    return {**values, **address, "MASTER_PORT": os.environ.get("MASTER_PORT") or str(port)}


def first_host(nodes: str) -> str:
    """The first of Slurm's compressed list of hosts such as ``node[03-04]``."""
    return subprocess.run(["scontrol", "show", "hostnames", nodes], check=True, capture_output=True, text=True).stdout.split()[0]
