"""Running configs one process each: skip what is finished, resume what was interrupted, go on after a failure."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rich
from mmengine.config import Config
from rich.table import Table

from mmseg.apis.train import check_writable
from mmseg.engine.hooks.checkpoint_hook import BEST, LATEST
from mmseg.engine.hooks.result_hook import RESULT
from mmseg.engine.runner import CONFIG
from mmseg.evaluation import per_class_table
from mmseg.utils.config import config_text, load_config, run_name
from mmseg.utils.errors import UserError
from mmseg.utils.files import read_json, write_text

if TYPE_CHECKING:
    from experiments import Row, Study

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One training: a complete config and its folder.

    Attributes:
        cfg: complete config.
        folder: where it trains, named by config, seed and digest.
    """

    cfg: Config
    folder: Path

    @classmethod
    def of(cls, config: str, *, seed: int | None, options: dict) -> Run:
        """The run of a config file."""
        cfg = load_config(config, options, seed)
        root = Path(cfg.get("work_dir") or "work_dirs")
        return cls(cfg, root / run_name(Path(config).stem, cfg))

    @property
    def finished(self) -> bool:
        return (self.folder / RESULT).is_file()

    @property
    def result(self) -> dict:
        """The content of ``result.json``."""
        return read_json(self.folder / RESULT, "Run the study again: finished runs are skipped.")

    def command(self) -> list[str]:
        """The command that trains it; resumes where there is a state."""
        resume = ["--resume"] if (self.folder / LATEST).is_file() else []
        return [sys.executable, str(ROOT / "tools" / "train.py"), str(self.folder / CONFIG), "--work-dir", str(self.folder), *resume]


def prepare(runs: Sequence[Run]) -> None:
    """Makes the demo data that configs ask for, and writes the complete configs."""
    for folder in dict.fromkeys(run.cfg.get("demo_data") for run in runs):
        if folder:
            make_demo_data(folder)
    for run in runs:
        check_writable(run.folder)
        write_text(run.folder / CONFIG, config_text(run.cfg))


def make_demo_data(folder: str) -> None:
    """Draws the demo domains into ``folder`` unless they are complete; the tool prints its own errors."""
    code = subprocess.call([sys.executable, str(ROOT / "tools" / "make_demo_data.py"), "--out", folder])
    if code:
        sys.exit(code)


def launch_one(run: Run) -> None:
    """Trains one run in a process of its own, with its output on the console.

    Raises:
        UserError: the training failed; it said why.
    """
    if run.finished:
        rich.print(f"{run.folder} is finished; its results follow. Delete the folder to train again.")
        return
    prepare([run])
    code = subprocess.call(run.command())
    if code == 2:
        sys.exit(2)  # the training has printed its one line
    if code:
        raise UserError(
            f"The training in {run.folder} ended with exit code {code}. Its output above says why; run the command again to resume."
        )


def launch_all(runs: Sequence[Run], jobs: int) -> list[Run]:
    """Trains runs, ``jobs`` at a time, each with its share of the cores; returns those that failed."""
    todo = [run for run in runs if not run.finished]
    rich.print(f"{len(runs)} runs, {len(runs) - len(todo)} of them finished, {jobs} at a time.")
    prepare(todo)
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ThreadPoolExecutor(jobs) as pool:
        codes = list(pool.map(lambda run: _launch_quietly(run, threads), todo))
    return [run for run, code in zip(todo, codes, strict=True) if code]


def _launch_quietly(run: Run, threads: int) -> int:
    print(f"started  {run.folder}, output in console.log there", flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with open(run.folder / "console.log", "a") as console:
        code = subprocess.call(run.command(), stdout=console, stderr=subprocess.STDOUT, env=environment)
    outcome = f"finished: mIoU {run.result['metrics']['mIoU']:.2f}" if code == 0 else f"failed with exit code {code}"
    print(f"{outcome}  {run.folder}", flush=True)
    if code:  # the last line says why
        print(*(run.folder / "console.log").read_text().splitlines()[-1:], file=sys.stderr)
    return code


def report(run: Run) -> None:
    """Prints the per-class table and where everything is."""
    result = run.result
    rich.print(per_class_table(result["metrics"], title=f"{run.folder.name}, {result['iteration']} iterations"))
    logs = sorted(run.folder.glob("*/*.log"))
    places = {
        "checkpoint": run.folder / LATEST,
        "best": run.folder / BEST,
        "log": logs[-1] if logs else run.folder,
        "TensorBoard": logs[-1].parent / "vis_data" if logs else run.folder,
        "pictures": run.folder / "pictures",
    }
    for name, path in places.items():
        print(f"{name:<12}{path}")
    print(f"mIoU {result['metrics']['mIoU']:.2f}")


def study_table(study: Study, runs: Mapping[Row, Sequence[Run]]) -> None:
    """Prints mean ± standard deviation (n - 1) and minimum over the finished seeds of every row."""
    table = Table(title=study.title, title_justify="left")
    table.add_column("row")
    table.add_column("seeds", justify="right")
    for _, heading in study.metrics:
        table.add_column(heading, justify="right")
        table.add_column("min", justify="right")
    for row, group in runs.items():
        results = [run.result["metrics"] for run in group if run.finished]
        cells = [cell for name, _ in study.metrics for cell in _spread([result[name] for result in results])]
        table.add_row(row.title, str(len(results)), *cells)
    rich.print(table)


def _spread(values: Sequence[float]) -> tuple[str, str]:
    if not values:
        return "not run", ""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.1f} ± {deviation:.1f}", f"{min(values):.1f}"
