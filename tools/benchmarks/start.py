"""What the commands take that train nothing: a help text, a list, a config."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT

LISTS = ("--help", "--list", "--list 44", "--exp 44 --dry-run")
"""Options of ``run_experiments.py``."""
CONFIG = ROOT / "configs" / "hrda" / "gtaHR2csHR_hrda.py"
NO_COMMANDS = ("__init__", "command")
"""Modules beside the commands."""
KILO = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of ``ru_maxrss``."""


def commands(subcommands: Sequence[str]) -> dict[str, list[str]]:
    """What to start, by how a user writes it: every command's help text, the lists, and a config.

    Args:
        subcommands: of ``tools/benchmark.py``.
    """
    python = [f"run_experiments.py {options}" for options in LISTS]
    python += [f"{file.relative_to(ROOT)} --help" for file in tool_files()]
    python += [f"tools/benchmark.py {name} --help" for name in subcommands]
    python += [f"tools/print_config.py {CONFIG.relative_to(ROOT)}"]
    started = {f"python {text}": [sys.executable, *_absolute(text)] for text in python}
    return {**started, "sh test.sh --help": ["sh", *_absolute("test.sh --help")]}


def tool_files() -> list[Path]:
    """The files below tools/ that are commands."""
    folders = (ROOT / "tools", ROOT / "tools" / "convert_datasets", ROOT / "tools" / "prepare")
    return [file for folder in folders for file in sorted(folder.glob("*.py")) if file.stem not in NO_COMMANDS]


def _absolute(text: str) -> list[str]:
    """The words of a command that is started in another folder."""
    return [str(ROOT / word) if (ROOT / word).is_file() else word for word in text.split()]


def measure_starts(started: dict[str, list[str]], runs: int) -> dict[str, dict[str, float]]:
    """Starts each command some times in an empty folder.

    The peak that the system reports for a process includes that of its parent, up to where it becomes the command. So
    the parent has to be small: nothing may import torch before this.

    Returns:
        medians by command: ``cpu`` seconds of all threads and children, ``peak_memory`` bytes resident.

    Raises:
        UserError: a command failed.
    """
    figures = {}
    for text, command in started.items():
        with tempfile.TemporaryDirectory() as folder:
            usages = [_run(text, command, Path(folder)) for _ in range(runs)]
        figures[text] = {key: statistics.median(usage[key] for usage in usages) for key in usages[0]}
    return figures


def _run(text: str, command: list[str], folder: Path) -> dict[str, float]:
    with open(folder / "output", "w+") as output:
        environment = {**os.environ, "PYTHON": sys.executable}
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().strip().splitlines()[-1:]
    if child.returncode:
        raise UserError(f"{text} ended with exit code {child.returncode}: {' '.join(said)} Start it by hand to see all that it prints.")
    return {"cpu": usage.ru_utime + usage.ru_stime, "peak_memory": usage.ru_maxrss * KILO}


def start_table(figures: dict[str, dict[str, float]]) -> Table:
    """One line per command."""
    table = Table("command", "CPU seconds", "peak MB")
    for text, figure in figures.items():
        table.add_row(text, f"{figure['cpu']:.2f}", f"{figure['peak_memory'] / 1e6:.0f}")
    return table
