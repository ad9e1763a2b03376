"""Commands one after another in a folder like a clone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import tiny
from tests.forks import Forks

LINKED = ("mmseg", "tools", "experiments.py", "run_experiments.py", "test.sh")


def make_clone(folder: Path) -> Path:
    """A folder in which the commands of this repository work and write into no folder of it."""
    for name in LINKED:
        (folder / name).symlink_to(tiny.ROOT / name)
    (folder / "configs").mkdir()
    for path in (tiny.ROOT / "configs").iterdir():
        if path.name != "generated":
            (folder / "configs" / path.name).symlink_to(path)
    return folder


class Walker:
    """Runs commands of Python in forks, all others as they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**tiny.environment(), "PYTHON": sys.executable, "COLUMNS": "160"}
        self.forks = Forks(self.environment)

    def run(self, words: list[str]) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        if words[0] == "python":
            done = self.forks.run(words[1:], self.folder)
        else:
            done = subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def close(self) -> None:
        self.forks.close()
