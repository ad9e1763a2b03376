"""Joining the processes of one training."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import torch
from mmengine.logging import MMLogger
from torch import distributed

from mmseg.engine.peers import ENDED, Peer, Peers
from mmseg.utils.computing.launchers import LAST, RANK, Launcher, is_first_process
from mmseg.utils.errors import UserError
from mmseg.utils.signals import Stopped, end_with, process_name

PATIENCE = 5.0
"""Seconds that the first process has to report an error that all of them meet."""
TIMEOUT = 600.0
"""Seconds that processes wait for each other unless the config says otherwise."""
LATER = 60.0
"""Seconds that NCCL waits longer than that: it would end the process without a word of ours."""
DYING = 3.0
"""Seconds between a broken connection and the end of the process behind it."""
LOST = "Another process of this training has ended. Mend what it said, or what its launcher says about it, and continue with --resume."
LOST_ANOTHER = 3
"""Exit code of a process that has lost another and leaves the word to ``tools/torchrun.py``."""
SILENT = "Continue with --resume; if it worked on something that takes longer, raise env_cfg.dist_cfg.timeout."


class LostProcessError(RuntimeError):
    """Another process of a training cannot be reached.

    Args:
        iteration: how many iterations were done.
    """

    def __init__(self, iteration: int) -> None:
        super().__init__(f"lost in iteration {iteration + 1}")
        self.iteration = iteration


def found_launcher() -> Launcher:
    """'pytorch' in a process that torchrun started; Slurm has to be named, because its variables are there in batch scripts, too."""
    return "pytorch" if distributed.is_torchelastic_launched() else "none"


def join_processes(launcher: Launcher, backend: str, timeout: timedelta = timedelta(seconds=TIMEOUT)) -> None:
    """Makes the processes of one training know each other; the runner finds that done.

    Args:
        launcher: what started them. Should torchrun be killed, they end.
        backend: of torch.distributed on a GPU; without one it is gloo.
        timeout: how long they wait for each other.

    Raises:
        UserError: there are more processes than GPUs on this machine.
    """
    if launcher == "slurm":
        os.environ.update(slurm_variables())
    else:
        end_with(process_name(os.getppid()))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # mmengine would set them as well, with a warning
        os.environ.setdefault(name, "1")
    if not torch.cuda.is_available():
        distributed.init_process_group("gloo", timeout=timeout)
        return
    processes, found = int(os.environ.get("LOCAL_WORLD_SIZE", 1)), torch.cuda.device_count()
    if processes > found:
        raise UserError(f"{processes} processes were started for the {found} GPUs of this machine. Use --nproc_per_node {found} or less.")
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"]) % found)  # Slurm may show each process its own GPU alone
    torch.cuda.set_device(device)
    distributed.init_process_group(backend, device_id=device, timeout=timeout + timedelta(seconds=LATER))


def backend(env_cfg: dict) -> str:
    """How the processes of a config's ``env_cfg`` talk: NVIDIA's way unless it says otherwise."""
    return (env_cfg.get("dist_cfg") or {}).get("backend", "nccl")


def patience(env_cfg: Mapping) -> timedelta:
    """How long the processes of a config's ``env_cfg`` wait for each other."""
    return timedelta(seconds=(env_cfg.get("dist_cfg") or {}).get("timeout", TIMEOUT))


@contextlib.contextmanager
def process_group(launcher: Launcher, env_cfg: Mapping, peers: Peers) -> Iterator[None]:
    """The processes of one command know each other for as long as the context lasts, and leave it together.

    After an error, none waits for the others: the launcher ends them.

    Args:
        launcher: what started them.
        env_cfg: of the config.
        peers: of :func:`one_voice`.
    """
    if launcher == "none":
        yield
        return
    join_processes(launcher, backend(env_cfg), patience(env_cfg))
    peers.meet()
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
def one_voice(launcher: Launcher, env_cfg: Mapping) -> Iterator[Peers]:
    """What goes wrong in a training of several processes is said once.

    An error that all of them meet is the first one's to report: the launcher ends the others while they wait. An error of
    one process names it. A process whose partner has gone says so instead of showing the inside of torch. What a signal ends is
    the first one's to report as well.

    Args:
        launcher: what started them.
        env_cfg: of the config.

    Yields:
        the processes of this training, which :func:`process_group` makes known.

    Raises:
        UserError: as the process itself, with its number unless it is the first; or another process has ended.
    """
    peers = Peers()
    try:
        yield peers
    except Stopped as stop:
        if not stop.agreed and (gone := peers.troubles()):  # the launcher has sent the signal, because of that
            _end(account(gone, stop.iteration, None), speaks=peers.speaks(gone), iteration=stop.iteration)
        if stop.number == signal.SIGTERM and LAST in os.environ:
            sys.exit(128 + stop.number)
        if is_first_process(launcher):
            raise
        with contextlib.suppress(Stopped):  # again, by a launcher that ends all as soon as one has ended
            time.sleep(PATIENCE)
        sys.exit(128 + stop.number)
    except UserError as error:
        if is_first_process(launcher):
            raise
        time.sleep(PATIENCE)
        raise UserError(f"Process {os.environ[RANK[launcher]]}: {error}") from error
    except RuntimeError as error:
        if not lost_a_process(error):
            raise
        iteration = getattr(error, "iteration", None)
        waited = patience(env_cfg) if timed_out(error) else None
        gone = peers.troubles(0.0 if waited else DYING)
        _end(account(gone, iteration, waited, peers.elsewhere()), speaks=peers.speaks(gone), iteration=iteration, late=waited is not None)


def account(gone: Mapping[Peer, str], iteration: int | None, waited: timedelta | None, elsewhere: Sequence[str] = ()) -> str:
    """One line about processes that do not answer.

    Args:
        gone: of :meth:`~mmseg.engine.peers.Peers.troubles`.
        iteration: how many iterations are done, where that is known.
        waited: how long this process has waited, unless the connection was broken.
        elsewhere: machines on which it may be, if it is not among these.
    """
    after = "" if iteration is None else f" after iteration {iteration}"
    names = ", ".join(f"{peer.rank} on {peer.host}" for peer in gone)
    who = f"Process{'es' * (len(gone) > 1)} {names}"
    have, they = ("has", "it") if len(gone) == 1 else ("have", "they")
    if ENDED in gone.values():
        return f"{who} {have} ended{after}. {LOST.partition('. ')[2]}"
    if not gone:
        place = f" on {' or '.join(elsewhere)}" if elsewhere else ""
        who, have = f"Another process of this training{place}", "has"
    if waited is None:
        return f"{who} {have} ended{after}. {LOST.partition('. ')[2]}"
    why = f": {they} {', '.join(dict.fromkeys(gone.values()))}" if gone else ""
    return f"{who} {have} not answered for {waited.total_seconds():g} s (env_cfg.dist_cfg.timeout){after}{why}. {SILENT}"


def _end(text: str, *, speaks: bool, iteration: int | None = None, late: bool = False) -> NoReturn:
    """Ends a process that has lost another, with one line of one of those that have.

    Where nothing but the end of a process is to be said, ``tools/torchrun.py`` says it, because it knows more.
    """
    if LAST in os.environ and not late:
        if iteration is not None:
            Path(os.environ[LAST]).write_text(str(iteration))
        sys.exit(LOST_ANOTHER)
    if speaks:
        if late:
            _log(text)
        raise UserError(text)
    sys.exit(2)


def _log(text: str) -> None:
    """In the file of the log alone: the command prints it."""
    logger = MMLogger.get_current_instance()
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handle(logger.makeRecord(logger.name, logging.ERROR, __file__, 0, text, (), None))


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
    return isinstance(error, (distributed.DistError, LostProcessError)) or "gloo" in str(error)


def timed_out(error: RuntimeError) -> bool:
    """Whether an error says that another process has not answered in time."""
    text = str(error.__cause__ if isinstance(error, LostProcessError) else error).lower()
    return "timed out" in text or "timeout" in text
