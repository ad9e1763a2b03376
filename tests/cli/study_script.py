"""``run_experiments.py`` with a study of small trainings in place of those of the papers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import tiny

SCRIPT = """
import experiments, run_experiments
from mmseg.apis.launching import processes
from mmseg.experiments import ConfigFile, Row, Study, Table
rows = tuple(Row(title=title, setup=ConfigFile(path=path)) for title, path in {configs!r}.items())
experiments.STUDIES.clear()
experiments.STUDIES[7] = Study(title="small", source="tests", tables=(Table(key="t", title="some rows", rows=rows),), seeds=(0,))
processes.ENDINGS = tuple((number, 300.0) for number, _ in processes.ENDINGS)  # no training is killed because the machine is busy
run_experiments.main()
"""


def small_study(folder: Path, data: Path, configs: dict[str, str], **changes: object) -> list[str]:
    """Writes a study of trainings of seconds; returns the command that runs it as ``--exp 7``.

    Args:
        folder: receives the configs, the script, and the run folders in ``runs``.
        data: demo domains.
        configs: the lines that a row adds to the demo HRDA config, by its title.
        changes: options of all, see :func:`tests.tiny.options`.
    """
    paths = {title: folder / f"{title}.py" for title in configs}
    for title, path in paths.items():
        path.write_text(f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\n{configs[title]}\n")
    (folder / "study.py").write_text(SCRIPT.format(configs={title: str(path) for title, path in paths.items()}))
    options = tiny.options(data, work_dir=str(folder / "runs"), **changes)
    return [sys.executable, str(folder / "study.py"), *options, "--exp", "7"]


def environment() -> dict[str, str]:
    return {**tiny.environment(), "PYTHONPATH": str(tiny.ROOT), "COLUMNS": "160"}


def launched(command: list[str], **options: object) -> subprocess.CompletedProcess:
    """Runs a command in the repository to its end."""
    return subprocess.run(command, cwd=tiny.ROOT, env=environment(), capture_output=True, text=True, timeout=300, **options)
