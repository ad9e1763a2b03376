"""Trainings as processes: how each is started, and that none outlives the launcher."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mmseg.apis.launching.commands import arguments
from mmseg.apis.launching.runs import Run
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT
from mmseg.utils.signals import ASKING, LAUNCHER, Stopped, handled, this_process
from mmseg.utils.storage.run_folder import CONFIG

SRUN = "srun"
ENDINGS = ((signal.SIGTERM, 24.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0))
"""What trainings get one after the other, and how many seconds they then have: to end their iteration, to end at once, to be gone. The
first two together stay below the 30 seconds that most schedulers leave the launcher."""
LOOK = 0.1
"""Seconds between two looks at trainings that have been asked to end."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a training is started.

    Attributes:
        launcher: 'none' starts processes on this machine, 'slurm' asks srun to, whose further options are in SRUN_ARGS.
        gpus: processes of one training, one per GPU; None is a single process without a group of them.
    """

    launcher: Literal["none", "slurm"] = "none"
    gpus: int | None = None

    def check(self) -> None:
        """Raises UserError where this machine cannot start trainings so."""
        if self.launcher == "slurm" and shutil.which(SRUN) is None:
            fix = "Start it on a login node, or leave the option out"
            raise UserError(f"--launcher slurm needs the command srun, which is not on this machine. {fix}.")
        found = gpu_count() if self.launcher == "none" and self.gpus else 0
        if 0 < found < (self.gpus or 0):
            raise UserError(f"--gpus {self.gpus}: this machine has {found}. Use {found} or less.")

    def command(self, run: Run) -> list[str]:
        """The command that trains a run, and resumes where there is a state; or that of a stage which is no training, in one process.

        Raises:
            UserError: what a stage takes from another run is missing.
        """
        if run.command:
            words, launched, count = arguments(run), [], 1
        else:
            words = [str(ROOT / "tools" / "train.py"), str(run.folder / CONFIG), "--work-dir", str(run.folder)]
            words += ["--resume"] if run.started else []
            launched, count = ["--launcher", "slurm"], self.gpus or 1
        if self.launcher == "slurm":
            srun = [SRUN, "--nodes", "1", "--ntasks", str(count), f"--gres=gpu:{count}", "--kill-on-bad-exit", "--quit-on-interrupt"]
            return [*srun, *shlex.split(os.environ.get("SRUN_ARGS", "")), sys.executable, *words, *launched]
        if self.gpus is None or run.command:
            return [sys.executable, *words]
        torchrun = [str(ROOT / "tools" / "torchrun.py"), "--standalone", "--nproc_per_node", str(self.gpus)]
        return [sys.executable, *torchrun, *words, "--launcher", "pytorch"]

    def environment(self, slot: int, jobs: int) -> dict[str, str]:
        """Variables of one of ``jobs`` trainings at a time: its share of the cores, or what the user set, and of this machine's GPUs."""
        share = str(max(1, usable_cores() // (jobs * (self.gpus or 1))))
        threads = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", share)}
        found = gpu_count() if self.launcher == "none" and jobs > 1 else 0
        if not found:
            return threads
        known = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(found)))).split(",")
        own = [known[(slot * (self.gpus or 1) + index) % found] for index in range(self.gpus or 1)]
        return {**threads, "CUDA_VISIBLE_DEVICES": ",".join(dict.fromkeys(own))}


def gpu_count() -> int:
    """GPUs of this machine that this process may use."""
    import torch  # which a command that starts no training does without

    return torch.cuda.device_count()


class Children:
    """The running trainings of this process, each in a process group of its own so that its workers end with it.

    Attributes:
        ending: whether they are being ended.
        hurry: whether they are not to be waited for any longer.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen] = set()
        self._guard = threading.Lock()
        self.ending = self.hurry = False

    def call(self, command: list[str], environment: dict[str, str] | None = None, **streams: object) -> int:
        """Runs a command to its end; returns its exit code, that of an interrupt once they are being ended.

        Should this process be killed, the command ends as well, unless it runs on another machine, which Slurm may have chosen.
        """
        tied = {} if command[0] == SRUN else {LAUNCHER: this_process()}
        with self._guard:
            if self.ending:
                return 128 + signal.SIGINT
            child = subprocess.Popen(command, env={**os.environ, **tied, **(environment or {})}, start_new_session=True, **streams)
            self._running.add(child)
        code = child.wait()
        self._running.discard(child)
        return code

    def end(self) -> None:
        """Asks all to end, so that they leave whole files and a state to go on from, and kills what does not listen."""
        with self._guard:
            self.ending = True
        running = list(self._running)
        for number, patience in ENDINGS:
            self.hurry = False
            for child in running:
                with contextlib.suppress(ProcessLookupError):
                    # Its workers may be needed for one more batch.
                    (os.killpg if number == signal.SIGKILL else os.kill)(child.pid, number)
            end = time.monotonic() + patience
            while running and time.monotonic() < end and not self.hurry:
                time.sleep(LOOK)
                running = [child for child in running if child.poll() is None]


@contextlib.contextmanager
def interruptible() -> Iterator[Children]:
    """Trainings that end, with a word on how to go on, when this process is interrupted, terminated or loses its terminal.

    A signal that this process was started to ignore (SIGHUP by nohup, SIGINT in the background of a shell) is ignored further.
    Its trainings would inherit that, and could not be interrupted by a terminal: a handler is not inherited.

    Raises:
        Stopped: this process was asked to end; its trainings have.
    """
    children = Children()
    ignored = [signal.SIGINT] if signal.getsignal(signal.SIGINT) == signal.SIG_IGN else []
    for number in ignored:
        signal.signal(number, _go_on)
    try:
        with handled(_stop, sorted({*ASKING, signal.SIGHUP} - {*ignored})):
            yield children
    except Stopped as stop:
        with handled(lambda *_: setattr(children, "hurry", True), (*ASKING, signal.SIGHUP)):
            children.end()
        command = shlex.join(["python", *sys.argv])
        raise Stopped(stop.number, f"Trainings stopped, their last states are kept. Go on with: {command}") from None
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


def _stop(number: int, _: object) -> None:
    raise Stopped(number)


def _go_on(*_: object) -> None:
    """Does nothing."""
