"""What lies in the folder of a run, by name."""

from __future__ import annotations

WORK_DIRS = "work_dirs"
"""Folder of the folders of all runs."""
CONFIG = "config.py"
LATEST, BEST = "latest.pth", "best.pth"
RESULT, CURVE = "result.json", "evaluations.json"
PICTURES = "pictures"
