"""Training a config into a run folder, fresh or resumed."""

from __future__ import annotations

import os
from pathlib import Path

from mmengine.config import Config

from mmseg.engine.hooks.checkpoint_hook import LATEST
from mmseg.engine.hooks.result_hook import RESULT
from mmseg.engine.runner import build_runner
from mmseg.utils.errors import UserError
from mmseg.utils.files import read_json


def check_writable(folder: Path) -> None:
    """Refuses a folder that cannot be made or written to; leaves nothing behind."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
        for path in missing:  # an error that follows leaves no empty run behind
            path.rmdir()
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}. Choose another folder that is writable.") from error


def train(cfg: Config, work_dir: str | os.PathLike, *, resume: bool = False) -> dict:
    """Trains to the end and evaluates.

    Args:
        cfg: complete config.
        work_dir: run folder; receives config.py, latest.pth, best.pth, result.json, logs and pictures.
        resume: continue from ``latest.pth``.

    Returns:
        the content of ``result.json``.

    Raises:
        UserError: anything the user can mend; nothing is half-written then.
    """
    folder = Path(work_dir)
    latest = folder / LATEST
    if resume and not latest.is_file():
        raise UserError(f"Nothing to resume: {latest} does not exist. Leave --resume out to start a new training.")
    if not resume and latest.is_file():
        raise UserError(f"{folder} already holds a training. Continue it with --resume, or choose another folder with --work-dir.")
    check_writable(folder)
    cfg.work_dir = str(folder)
    runner = build_runner(cfg, resume_from=str(latest) if resume else None)
    runner.train()
    return read_json(folder / RESULT, "Evaluate the run with tools/test.py.")
