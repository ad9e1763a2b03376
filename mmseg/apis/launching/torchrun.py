"""torchrun with one line about a process that died, in place of its page and of what the other processes would say."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch.distributed import run as torchrun
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from mmseg.utils.computing.launchers import LAST
from mmseg.utils.errors import UserError
from mmseg.utils.signals import Stopped

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
    with tempfile.TemporaryDirectory() as folder:
        os.environ[LAST] = str(Path(folder) / "iteration")
        try:
            torchrun.run(torchrun.parse_args(list(arguments)))
        except ChildFailedError as error:
            return end(error.failures, os.environ[LAST])
        except SignalException as stop:
            raise Stopped(stop.sigval) from None
        finally:
            del os.environ[LAST]
    return 0


def end(failures: Mapping[int, ProcessFailure], last: str) -> int:
    """The exit code of processes of which some failed.

    Args:
        failures: by rank.
        last: file in which the others have noted how many iterations were done.

    Raises:
        UserError: names the process that failed first, its machine, how it ended and when.
    """
    rank, failure = min(failures.items(), key=lambda item: (item[1].exitcode == SAID, item[1].timestamp, item[0]))
    code = failure.exitcode
    if code == SAID:
        return code
    if 128 < code < 160:  # asked to end by a signal, as all of them
        return code
    after = f" after iteration {Path(last).read_text()}" if Path(last).is_file() else ""
    raise UserError(f"Process {rank} on {socket.gethostname()} {how(code)}{after}. {fix(code)}")


def how(code: int) -> str:
    """In words, how a process has ended.

    Args:
        code: as Python gives it, negative for a signal.
    """
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def fix(code: int) -> str:
    """What to do then."""
    if code == -signal.SIGKILL:
        return "If memory ran out, lower num_workers or batch_size; the same command with --resume goes on."
    return "Its output above says why; once that is mended, the same command with --resume goes on."
