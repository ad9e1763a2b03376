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

from mmseg.apis.launching.checks import check_options
from mmseg.apis.launching.launch import make_demo_data
from mmseg.apis.launching.train import train
from mmseg.config.config import digest
from mmseg.config.small.shrink import layouts, shrink
from mmseg.utils.errors import UserError

DATA = Path("data/smoke")
SCENES = ("--size", "128", "64", "--source", "6", "--target", "4", "--val", "2")
TRACEBACK_LINES = 6


def smoke(rows: Mapping[str, tuple[str, Config]]) -> int:
    """Trains each distinct row, small, on the CPU and in this process; prints how each ended.

    Args:
        rows: title and complete config by their address.

    Returns:
        the exit code: 1 if a row failed.
    """
    if torch.cuda.is_available():  # the engine has chosen its device already
        return subprocess.call([sys.executable, *sys.argv], env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
    configs = {address: cfg for address, (_, cfg) in rows.items()}
    first = {digest(cfg): address for address, cfg in reversed(configs.items())}
    drawn = sorted({name for cfg in configs.values() for name in layouts(cfg, own_data=True)})
    if drawn:
        make_demo_data(DATA, *SCENES, "--layout", *drawn)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for address in (address for address in configs if address in first.values()):
            started = time.monotonic()
            failure = _failure(configs[address], Path(folder) / f"smoke_{address}")
            failed += failure is not None
            print(f"{'failed' if failure else 'works '}  {address:<14} {time.monotonic() - started:5.1f} s  {rows[address][0]}", flush=True)
            print(*[failure] * (failure is not None), sep="\n", end="", file=sys.stderr, flush=True)
    print(f"{len(first) - failed} of {len(first)} trainings work; {len(rows) - len(first)} rows repeat one.")
    return 1 if failed else 0


def _failure(cfg: Config, folder: Path) -> str | None:
    """Trains in silence; returns what went wrong."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            check_options(cfg)  # also those that a small network does without
            train(shrink(cfg, DATA), folder)
    except UserError as error:
        return f"        {error}\n"
    except Exception:  # a bug of one row is no reason to leave out the others
        return "".join(f"        {line}\n" for line in traceback.format_exc().splitlines()[-TRACEBACK_LINES:])
    return None
