"""torchrun with one line about a process that died, in place of its page and of what the other processes would say."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from torch.distributed import run as torchrun
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from mmseg.engine.distributed import LOST, LOST_ANOTHER
from mmseg.utils.computing.launchers import LAST
from mmseg.utils.computing.limits import killed_for_memory, read_limits
from mmseg.utils.errors import UserError
from mmseg.utils.signals import LAUNCHER, Stopped, how_it_ended, this_process

GO_ON = "A training goes on by the same command with --resume."
SAID = 2
"""Exit code of a process that has said why in one line."""


def run(arguments: Sequence[str]) -> int:
    """Starts the processes of a command and waits for their end; returns the exit code.

    Args:
        arguments: of torchrun.

    Raises:
        UserError: a process died without a word.
        Stopped: this process was asked to end; its processes have.
    """
    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)
    before = read_limits().kills
    with tempfile.TemporaryDirectory() as folder:
        last, launcher = str(Path(folder) / "iteration"), os.environ.get(LAUNCHER)
        os.environ |= {LAST: last, LAUNCHER: this_process()}  # from their first moment on, the processes end with this one
        try:
            torchrun.run(parse(arguments))
        except ChildFailedError as error:
            return end(error.failures, last, before)
        except SignalException as stop:
            raise Stopped(stop.sigval, GO_ON) from None
        finally:
            del os.environ[LAST], os.environ[LAUNCHER]
            if launcher is not None:
                os.environ[LAUNCHER] = launcher
    return 0


def parse(arguments: Sequence[str]) -> Namespace:
    """The options of torchrun.

    Raises:
        UserError: one is wrong, or the command is missing.
    """
    parser = torchrun.get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise UserError(f"{message}. See torchrun --help.")

    parser.error = refuse
    return parser.parse_args(list(arguments))


def end(failures: Mapping[int, ProcessFailure], last: str, kills: int) -> int:
    """The exit code of processes of which some failed.

    Args:
        failures: by rank.
        last: file in which the others have noted how many iterations were done.
        kills: how many processes the system had killed for memory before.

    Raises:
        UserError: names the process that has died, its machine, how it ended and when; or it was one of another machine.
        Stopped: processes, and not their launcher, were asked to end by SIGTERM.
    """
    codes = {rank: failure.exitcode for rank, failure in sorted(failures.items())}
    if SAID in codes.values():
        return SAID
    dead = [rank for rank, code in codes.items() if code not in (LOST_ANOTHER, -signal.SIGTERM) and not 128 < code < 160]
    asked = [code for code in codes.values() if 128 < code < 160]
    if asked and not dead:
        if asked[0] - 128 == signal.SIGTERM:  # of the others, the first process has spoken
            raise Stopped(signal.SIGTERM, GO_ON)
        return asked[0]
    if not dead:
        raise UserError(LOST)
    code = codes[dead[0]]
    after = f" after iteration {Path(last).read_text()}" if Path(last).is_file() else ""
    who = f"Process {dead[0]} on {socket.gethostname()} {how_it_ended(code)}{after}"
    if killed := killed_for_memory(code, kills):
        raise UserError(f"{who}: {killed}")
    fix = "Its output above says why; once that is mended" if code > 0 else "If what ended it is over"
    raise UserError(f"{who}. {fix}, the same command with --resume goes on.")
