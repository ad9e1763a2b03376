"""Whether a long training grows: memory, open files and threads of all of its processes, watched from outside.

The training is the small one of ``--smoke`` with two loader workers, and evaluates, draws and writes its state twenty times.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from mmengine.config import Config
from rich.table import Table
from scipy import stats

from mmseg.apis.launching.launch import make_demo_data
from mmseg.apis.launching.smoke import DATA, SCENES
from mmseg.config.config import load_config
from mmseg.config.small.shrink import layouts, shrink
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import write_config
from mmseg.utils.repository import ROOT
from mmseg.utils.storage.run_folder import CONFIG
from tools.benchmarks.data import surroundings

WORKERS = 2
OCCASIONS = 20
"""Evaluations, with their pictures and checkpoints, in a training."""
LOOKS = 1.0
"""Seconds between two looks at the processes."""
LEAST = 500
"""Iterations of which there are more looks than blocks on any machine."""
SETTLED = 0.2
"""Share of the training after which everything that is made once has been made."""
BLOCKS = 8
"""Medians over parts of the rest. Neighbouring looks are no independent figures; a block has two evaluations with their checkpoints; and a
system may take away pages for a minute and give them back."""
MEASURED = {"resident": "memory of each process, MiB", "memory": "memory, shared pages once, MiB", "files": "files", "threads": "threads"}
"""What is looked at, and its title. A loader worker shares the pages of the training that forked it until one of them writes to a page and
gets a copy. The second figure rises with every copy, up to the first at most; the first rises where a process takes more."""
PROC = Path("/proc")


def soak_config(config: str, options: Mapping, iterations: int) -> Config:
    """The small training of a config, of some length; its demo data are drawn."""
    cfg = load_config(config, options)
    make_demo_data(DATA, *SCENES, "--layout", *layouts(cfg))
    small, often = shrink(cfg, DATA, iterations), max(1, iterations // OCCASIONS)
    small.train_dataloader.update(num_workers=WORKERS, persistent_workers=True)
    small.train_cfg.val_interval = often
    for hook in (small.default_hooks.checkpoint, *small.get("custom_hooks", ())):
        if "interval" in hook:
            hook["interval"] = often
    return small


def measure_soak(config: str, options: Mapping, iterations: int) -> dict:
    """Trains a small form of a config to its end, and looks at its processes every second.

    Returns:
        ``growth``: by what is measured (``resident`` in bytes, without libraries and other files; ``memory``, which counts shared pages
        once; ``files``, ``threads``) :func:`growth` per 1,000 iterations, and ``looks``, ``seconds``, ``iterations``, ``environment``.

    Raises:
        UserError: there is no /proc, or the training failed.
    """
    if not (PROC / "self" / "smaps_rollup").exists():
        raise UserError("The system does not say what a process takes (/proc/PID/smaps_rollup). Measure on Linux.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / CONFIG
        write_config(file, soak_config(config, options, iterations))
        command = [sys.executable, str(ROOT / "tools" / "train.py"), str(file), "--work-dir", str(Path(folder) / "run")]
        begin, looks = time.monotonic(), []
        with open(Path(folder) / "output", "w+") as output:
            training = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
            try:
                while training.poll() is None:
                    if (look := taken(training.pid)) is not None:
                        looks.append(look)
                    time.sleep(LOOKS)
            finally:
                training.kill()
            if training.returncode:
                output.seek(0)
                raise UserError(f"The training failed: {output.read().strip().splitlines()[-1]}")
        seconds = time.monotonic() - begin
    figures = {name: growth([look[name] for look in looks], iterations) for name in MEASURED}
    return {"growth": figures, "looks": len(looks), "seconds": seconds, "iterations": iterations, "environment": surroundings()}


def taken(process: int) -> dict[str, int] | None:
    """What a process and all that it has started take; None if one of them is just ending."""
    try:
        family = [process]
        for member in family:  # grows while it is read
            for task in (PROC / str(member) / "task").iterdir():
                family += map(int, (task / "children").read_text().split())
        sizes = [memory(member) for member in family]
        return {
            "resident": sum(size["Anonymous"] + size["Pss_Shmem"] for size in sizes),
            "memory": sum(size["Pss_Anon"] + size["Pss_Shmem"] for size in sizes),
            "files": sum(len(os.listdir(PROC / str(member) / "fd")) for member in family),
            "threads": sum(len(os.listdir(PROC / str(member) / "task")) for member in family),
        }
    except OSError:
        return None


def memory(process: int) -> dict[str, int]:
    """Bytes of a process in memory by the names of the kernel; of a page that n processes share, ``Pss`` counts an n-th.

    Pages of files are no part of ``Anonymous``, ``Pss_Anon`` and ``Pss_Shmem``: they hold the code of libraries, which other programs may
    share or cease to.
    """
    lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()[1:]
    return {name: int(size.split()[0]) * 1024 for name, size in (line.split(":", 1) for line in lines)}


def growth(values: list[float], iterations: int) -> dict[str, float | bool]:
    """The line through the medians of blocks of values that were taken at even intervals, from where the training has settled.

    Returns:
        ``level``: their mean; ``slope`` and ``error``: growth per 1,000 iterations and half the width of its interval of 95 %;
        ``flat``: whether that interval holds 0.
    """
    rest = np.asarray(values[int(SETTLED * len(values)) :], float)
    medians = np.array([np.median(block) for block in np.array_split(rest, BLOCKS)])
    if np.ptp(medians) == 0:
        return {"level": medians[0], "slope": 0.0, "error": 0.0, "flat": True}
    step = iterations * (1 - SETTLED) / BLOCKS / 1000
    line = stats.linregress(np.arange(BLOCKS) * step, medians)
    error = float(line.stderr * stats.t.ppf(0.975, BLOCKS - 2))
    return {"level": float(medians.mean()), "slope": float(line.slope), "error": error, "flat": bool(abs(line.slope) <= error)}


def soak_table(result: dict) -> Table:
    """One line per thing that is measured."""
    table = Table("of all processes", "level", "growth per 1,000 iterations", "flat")
    for name, figure in result["growth"].items():
        unit = 2**20 if MEASURED[name].endswith("MiB") else 1
        numbers = [f"{figure[key] / unit:.2f}" for key in ("level", "slope", "error")]
        table.add_row(MEASURED[name], numbers[0], f"{numbers[1]} ± {numbers[2]}", "yes" if figure["flat"] else "no")
    return table
