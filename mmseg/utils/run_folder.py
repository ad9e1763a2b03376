"""What lies in the folder of a run, by name."""

from __future__ import annotations

from pathlib import Path

from mmseg.utils.files import read_json

WORK_DIRS = "work_dirs"
"""Folder of the folders of all runs."""
CONFIG = "config.py"
LATEST, BEST = "latest.pth", "best.pth"
RESULT, CURVE = "result.json", "evaluations.json"
PICTURES = "pictures"


def read_curve(work_dir: str) -> list[dict]:
    """The evaluations of a run so far, oldest first, see :class:`mmseg.engine.hooks.ResultHook`."""
    file = Path(work_dir) / CURVE
    return read_json(file, "Delete it: evaluations from now on start a new one.") if file.is_file() else []
