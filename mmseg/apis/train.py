"""Training a config into a run folder, fresh or resumed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mmengine.config import Config
from torch import distributed

from mmseg.engine.distributed import is_first_process, join_processes
from mmseg.engine.hooks.checkpoint_hook import LATEST
from mmseg.engine.hooks.result_hook import RESULT
from mmseg.engine.runner import build_runner
from mmseg.utils.errors import UserError
from mmseg.utils.files import read_json
from mmseg.utils.locks import locked


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
    """Trains to the end and evaluates; the run folder is locked meanwhile.

    Args:
        cfg: complete config. Its ``launcher``, where there is one, says what started the processes of this training.
        work_dir: run folder; receives config.py, latest.pth, best.pth, result.json, logs and pictures.
        resume: continue from ``latest.pth``.

    Returns:
        the content of ``result.json``.

    Raises:
        UserError: anything the user can mend; nothing is half-written then.
    """
    folder = Path(work_dir)
    launcher = cfg.get("launcher", "none")
    with locked(folder) if is_first_process(launcher) else contextlib.nullcontext():
        check_state(folder, resume)
        cfg.work_dir = str(folder)
        if launcher != "none":
            join_processes(launcher, cfg.env_cfg.dist_cfg.backend)
        runner = build_runner(cfg, resume_from=str(folder / LATEST) if resume else None)
        runner.train()
        if launcher != "none":
            distributed.barrier()  # the first process writes the result
            distributed.destroy_process_group()
        return read_json(folder / RESULT, "Evaluate the run with tools/test.py.")


def check_state(folder: Path, resume: bool) -> None:
    """Refuses to resume nothing, and to start over where a training has begun."""
    latest = folder / LATEST
    if resume and not latest.is_file():
        raise UserError(f"Nothing to resume: {latest} does not exist. Leave --resume out to start a new training.")
    if not resume and latest.is_file():
        raise UserError(f"{folder} already holds a training. Continue it with --resume, or choose another folder with --work-dir.")
