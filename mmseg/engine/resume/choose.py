"""Which state of a run folder a training goes on from."""

from __future__ import annotations

import os
from pathlib import Path

from mmseg.engine.checkpoints.checkpoint import DamagedCheckpointError, check_whole, read_checkpoint
from mmseg.utils.errors import UserError
from mmseg.utils.storage.run_folder import DAMAGED, LATEST, PREVIOUS


def state_to_resume(folder: Path, *, first: bool = True) -> tuple[Path, tuple[str, ...]]:
    """``latest.pth``; or ``previous.pth``, where the last state is missing or damaged and this one is whole.

    A damaged file is renamed, so that it never becomes the state before the next one.

    Args:
        folder: of the run, with one of the two.
        first: whether this process may rename; others of the same training look at the same files meanwhile.

    Returns:
        the file, and lines for the log.

    Raises:
        UserError: neither is whole; about the last state.
    """
    latest, previous = folder / LATEST, folder / PREVIOUS
    try:
        if latest.is_file() or not previous.is_file():
            check_whole(latest)
            return latest, ()
        reason = f"{latest} is missing"
    except DamagedCheckpointError as error:
        if not previous.is_file():
            raise
        reason = f"{latest} is damaged"
        try:
            check_whole(previous)
        except UserError:
            raise error from None
        if first:
            os.replace(latest, folder / DAMAGED)
            reason += f" and called {DAMAGED} now"
    iteration = read_checkpoint(previous, values=False).get("meta", {}).get("iteration")
    return previous, (f"{reason}: the training goes on from the state before it, {previous} after iteration {iteration}.",)
