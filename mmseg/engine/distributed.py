"""Joining the processes of one training."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import torch
from torch import distributed

from mmseg.utils.computing.launchers import RANK, Launcher, is_first_process
from mmseg.utils.errors import UserError
from mmseg.utils.signals import Stopped

PATIENCE = 5.0
"""Seconds that the first process has to report an error that all of them meet."""

LOST = "Another process of this training has ended. Mend what it said, or what its launcher says about it, and continue with --resume."


def found_launcher() -> Launcher:
    """'pytorch' in a process that torchrun started; Slurm has to be named, because its variables are there in batch scripts, too."""
    return "pytorch" if distributed.is_torchelastic_launched() else "none"


def join_processes(launcher: Launcher, backend: str) -> None:
    """Makes the processes of one training know each other; the runner finds that done.

    Args:
        launcher: what started them.
        backend: of torch.distributed on a GPU; without one it is gloo.

    Raises:
        UserError: there are more processes than GPUs on this machine.
    """
    if launcher == "slurm":
        os.environ.update(slurm_variables())
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # mmengine would set them as well, with a warning
        os.environ.setdefault(name, "1")
    if not torch.cuda.is_available():
        distributed.init_process_group("gloo")
        return
    processes, found = int(os.environ.get("LOCAL_WORLD_SIZE", 1)), torch.cuda.device_count()
    if processes > found:
        raise UserError(f"{processes} processes were started for the {found} GPUs of this machine. Use --nproc_per_node {found} or less.")
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"]) % found)  # Slurm may show each process its own GPU alone
    torch.cuda.set_device(device)
    distributed.init_process_group(backend, device_id=device)


def backend(env_cfg: dict) -> str:
    """How the processes of a config's ``env_cfg`` talk: NVIDIA's way unless it says otherwise."""
    return (env_cfg.get("dist_cfg") or {}).get("backend", "nccl")


@contextlib.contextmanager
def process_group(launcher: Launcher, backend: str) -> Iterator[None]:
    """The processes of one command know each other for as long as the context lasts, and leave it together.

    After an error, none waits for the others: the launcher ends them. See :func:`join_processes` for the arguments.
    """
    if launcher == "none":
        yield
        return
    join_processes(launcher, backend)
    yield
    distributed.barrier()
    distributed.destroy_process_group()


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


@contextlib.contextmanager
def one_voice(launcher: Launcher) -> Iterator[None]:
    """What goes wrong in a training of several processes is said once.

    An error that all of them meet is the first one's to report: the launcher ends the others while they wait. An error of
    one process names it. A process whose partner has gone says so instead of showing the inside of torch. What a signal ends is
    the first one's to report as well.

    Raises:
        UserError: as the process itself, with its number unless it is the first; or another process has ended.
    """
    try:
        yield
    except Stopped as stop:
        if is_first_process(launcher):
            raise
        with contextlib.suppress(Stopped):  # again, by a launcher that ends all as soon as one has ended
            time.sleep(PATIENCE)
        sys.exit(128 + stop.number)
    except (UserError, RuntimeError) as error:
        if not isinstance(error, UserError) and not lost_a_process(error):
            raise
        text = str(error) if isinstance(error, UserError) else LOST
        if is_first_process(launcher):
            raise UserError(text) from error
        time.sleep(PATIENCE)
        raise UserError(f"Process {os.environ[RANK[launcher]]}: {text}") from error


@contextlib.contextmanager
def one_printer() -> Iterator[None]:
    """What is printed is printed by the first of the processes that know each other."""
    if not distributed.is_initialized() or distributed.get_rank() == 0:
        yield
        return
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def lost_a_process(error: RuntimeError) -> bool:
    """Whether an error says that another process cannot be reached; Gloo has no type for its errors."""
    return isinstance(error, distributed.DistError) or "gloo" in str(error)
