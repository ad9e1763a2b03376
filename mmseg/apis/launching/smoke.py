"""A config, or every row of a study, for two small iterations: types, options, losses, data and evaluation fit together."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.config import Config

from mmseg.apis.launching.commands import arguments, run_command
from mmseg.apis.launching.launch import make_demo_data
from mmseg.apis.launching.runs import Run
from mmseg.apis.training.checks import check_options
from mmseg.apis.training.train import train
from mmseg.config.identity import digest
from mmseg.config.references import with_digests
from mmseg.config.small.shrink import layouts, shrink
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import write_config
from mmseg.utils.storage.run_folder import CONFIG

DATA = Path("data/smoke")
SCENES = ("--size", "128", "64", "--source", "6", "--target", "4", "--val", "2")
TRACEBACK_LINES = 6


def smoke(rows: Mapping[str, tuple[str, Mapping[str, Config]]]) -> int:
    """Runs each distinct row, small, on the CPU; prints how each ended. Trainings run in this process, commands of stages in their own.

    Args:
        rows: title, and complete configs of the stages by their names, by the address; a row that is one training has one, called ''.

    Returns:
        the exit code: 1 if a row failed.
    """
    if torch.cuda.is_available():  # the engine has chosen its device already
        return subprocess.call([sys.executable, *sys.argv], env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
    chains = {address: stages for address, (_, stages) in rows.items()}
    first = {tuple(digest(cfg) for cfg in stages.values()): address for address, stages in reversed(chains.items())}
    drawn = sorted({name for stages in chains.values() for cfg in stages.values() for name in layouts(cfg, own_data=True)})
    if drawn:
        make_demo_data(DATA, *SCENES, "--layout", *drawn)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        ended: dict[str, str | None] = {}  # rows may begin alike
        for address in (address for address in chains if address in first.values()):
            started = time.monotonic()
            failure = _failure_of_chain(chains[address], Path(folder), ended)
            failed += failure is not None
            print(f"{'failed' if failure else 'works '}  {address:<14} {time.monotonic() - started:5.1f} s  {rows[address][0]}", flush=True)
            print(*[failure] * (failure is not None), sep="\n", end="", file=sys.stderr, flush=True)
    print(f"{len(first) - failed} of {len(first)} trainings work; {len(rows) - len(first)} rows repeat one.")
    return 1 if failed else 0


def _failure_of_chain(stages: Mapping[str, Config], folder: Path, ended: dict[str, str | None]) -> str | None:
    """Runs the stages of a row up to the first that fails; returns what went wrong in it.

    Args:
        stages: complete configs by name.
        folder: for their runs.
        ended: what went wrong in each run so far, by its digest; receives those of this row.
    """
    digests: dict[str, str] = {}
    for name, cfg in stages.items():
        try:
            check_options(cfg)  # also those that a small network does without
            small = shrink(with_digests(cfg, digests), DATA)
        except UserError as error:
            return _in_stage(name, f"{error}\n")
        small.work_dir = str(folder)
        run = Run.of(folder.name, small)
        digests[name] = run.digest
        if run.digest not in ended:
            ended[run.digest] = _failure(run)
        if ended[run.digest]:
            return _in_stage(name, ended[run.digest])
    return None


def _in_stage(name: str, text: str) -> str:
    """Indented, below the name of the stage where there is one."""
    return "".join(f"        {line}\n" for line in [*[f"stage {name}:"] * bool(name), *text.splitlines()])


def _failure(run: Run) -> str | None:
    """Runs a stage in silence; returns what went wrong."""
    try:
        if run.command:
            write_config(run.folder / CONFIG, run.cfg)
            return _failure_of_command(run)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            train(run.cfg, run.folder)
    except UserError as error:
        return f"{error}\n"
    except Exception:  # a bug of one row is no reason to leave out the others
        return "".join(f"{line}\n" for line in traceback.format_exc().splitlines()[-TRACEBACK_LINES:])
    return None


def _failure_of_command(run: Run) -> str | None:
    """The last lines of a command that fails."""
    printed = []

    def call() -> int:
        done = subprocess.run(
            [sys.executable, *arguments(run)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        printed.extend(done.stdout.splitlines()[-TRACEBACK_LINES:])
        return done.returncode

    return "".join(f"{line}\n" for line in printed) if run_command(run, call) else None
