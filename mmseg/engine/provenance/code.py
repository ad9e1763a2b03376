"""The commit of the code that runs."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

from mmseg.utils.repository import ROOT

SECONDS = 20
"""A file system that takes longer to say what has changed is not waited for."""


@cache
def code_state(root: Path = ROOT) -> dict[str, str | bool | None]:
    """``commit``, 40 hexadecimal digits, and ``clean``, whether no file differs from it and none is new; None where that is not known.

    That is so of an installed package, without git, or in a folder of another repository, whose commit would say nothing. It is asked
    once in a process: code that is changed later does not run in it.
    """
    unknown = {"commit": None, "clean": None}
    top, commit = _git(root, "rev-parse", "--show-toplevel"), _git(root, "rev-parse", "HEAD")
    if top is None or commit is None or Path(top).resolve() != root.resolve():
        return unknown
    changed = _git(root, "status", "--porcelain")
    return {"commit": commit, "clean": None if changed is None else not changed}


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None where it cannot. It writes nothing, and runs nothing that the repository names."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]
    variables = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {"GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
