"""What lies in the folder of a run, by name."""

from __future__ import annotations

import re
from pathlib import Path

from mmseg.utils.errors import UserError

WORK_DIRS = "work_dirs"
"""Folder of the folders of all runs."""
LOCK = ".lock"
CONFIG = "config.py"
LATEST, PREVIOUS, BEST = "latest.pth", "previous.pth", "best.pth"
"""The last state, the one before it, and the one with the best evaluation."""
DAMAGED = "latest_damaged.pth"
"""What is left of a last state that cannot be read, once a training has gone on from the one before."""
RESULT, CURVE = "result.json", "evaluations.json"
CHOICE = "choice.json"
"""Scores of its checkpoints without labels, and the one that they speak for."""
IMAGES = "images.npz"
"""Pixels of each class in each image of the last evaluation."""
PICTURES = "pictures"


def kept_file(iteration: int) -> str:
    """Name of the state that was kept at an evaluation."""
    return f"iter_{iteration}.pth"


def kept_states(folder: Path) -> dict[int, Path]:
    """The states that were kept at evaluations, by their iterations, ascending."""
    found = ((re.fullmatch(r"iter_(\d+)\.pth", path.name), path) for path in folder.glob("iter_*.pth"))
    return dict(sorted((int(name.group(1)), path) for name, path in found if name))


def has_state(folder: Path) -> bool:
    """Whether a run folder holds something to go on from."""
    return (folder / LATEST).is_file() or (folder / PREVIOUS).is_file()


def check_still_there(folder: Path) -> None:
    """Refuses to write to a run folder that has vanished since its training began: what is called so now would be another one.

    Raises:
        UserError: nothing of the run is in there.
    """
    if not any((folder / name).is_file() for name in (LOCK, CONFIG, LATEST, PREVIOUS, CURVE)):
        text = f"The run folder {folder} has been moved or removed, or its disk is no longer mounted: nothing was written"
        raise UserError(f"{text}. Move it back or mount the disk, and continue with --resume.")
