"""What may start the processes of a training."""

from __future__ import annotations

import os
from typing import Literal

from mmseg.utils.errors import UserError

Launcher = Literal["none", "pytorch", "slurm"]
LAUNCHERS: tuple[Launcher, ...] = ("none", "pytorch", "slurm")
RANK = {"pytorch": "RANK", "slurm": "SLURM_PROCID"}
LAST = "MMSEG_LAST_ITERATION"
"""Environment variable of a file in which a process that has lost another notes how far it came: ``tools/torchrun.py`` says it."""
STARTED_BY = {"pytorch": "torchrun --standalone --nproc_per_node N", "slurm": "srun --ntasks N"}


def is_first_process(launcher: Launcher) -> bool:
    """Whether this is the process that writes files; known before :func:`mmseg.engine.distributed.join_processes`.

    Raises:
        UserError: the launcher did not start this process.
    """
    if launcher == "none":
        return True
    if RANK[launcher] not in os.environ:
        start = STARTED_BY[launcher]
        raise UserError(f"--launcher {launcher} needs the environment variable {RANK[launcher]}. Start the command with {start}.")
    return os.environ[RANK[launcher]] == "0"
