"""Training a config into a run folder, fresh or resumed."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
from dataclasses import replace
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.device import get_device

from mmseg.apis.bands.shipped import with_reference_band
from mmseg.apis.launching.commands import check_command
from mmseg.apis.training.resume import plan_resume
from mmseg.apis.training.teachers import attach_teacher
from mmseg.config.identity import digest, row_digest
from mmseg.config.references import with_paths
from mmseg.config.schedule import other_ends
from mmseg.engine.batch_norm import check_sync_batchnorm
from mmseg.engine.building import build_runner
from mmseg.engine.distributed import one_voice, process_group
from mmseg.engine.hooks.lost_class_hook import GoBack
from mmseg.engine.resume.choose import state_to_resume
from mmseg.engine.resume.history import Resumption
from mmseg.engine.stopping import stoppable
from mmseg.evaluation.curve import Result, read_result
from mmseg.utils.computing.launchers import is_first_process
from mmseg.utils.errors import UserError
from mmseg.utils.signals import StopRequest
from mmseg.utils.storage.files import remove_parts
from mmseg.utils.storage.locks import locked
from mmseg.utils.storage.run_folder import LATEST, has_state


def train(cfg: Config, work_dir: str | os.PathLike, *, resume: bool = False, override: bool = False) -> Result | None:
    """Trains to the end and evaluates; the run folder is locked meanwhile.

    Args:
        cfg: complete config. Its ``launcher``, where there is one, says what started the processes of this training. What it takes
            from other runs (:mod:`mmseg.config.references`) is looked for beside the run folder.
        work_dir: run folder; receives config.py, latest.pth, best.pth, result.json, logs and pictures.
        resume: continue from ``latest.pth``, or from ``previous.pth`` where that is damaged.
        override: where its config differs from this one, apply this one from there on; see :func:`plan_resume`.

    Returns:
        the content of ``result.json``, in the first process of this training; nothing in the others.

    Raises:
        UserError: anything the user can mend; nothing is half-written then.
        Stopped: a signal has ended the training; ``latest.pth`` holds its last state.
    """
    folder = Path(work_dir)
    check_command(cfg)
    if cfg.get("skip_classifier") and not cfg.get("load_from"):
        raise UserError("skip_classifier (--skip-classifier) says how to start from a checkpoint. Give one with --load-from FILE.")
    launcher = cfg.get("launcher", "none")
    first = is_first_process(launcher)
    lock = locked(folder) if first else contextlib.nullcontext()
    with one_voice(launcher, cfg.env_cfg) as peers, stoppable(first=first, lost=peers.troubles) as request, lock:
        check_state(folder, resume)
        if first:
            remove_parts(folder)
        check_sync_batchnorm(cfg)
        cfg.work_dir = str(folder)
        located = with_reference_band(with_paths(without_start(cfg) if resume else cfg, folder.parent), row_digest(cfg))
        with process_group(launcher, cfg.env_cfg, peers):
            resumption = resumed(cfg, folder, first=first, override=override) if resume else None
            while not trained(cfg, located, resumption, request):
                forget()
                located = with_reference_band(with_paths(without_start(cfg), folder.parent), row_digest(cfg))
                resumption = resumed(cfg, folder, first=first, override=True)
        return read_result(folder) if first else None


def trained(cfg: Config, located: Config, resumption: Resumption | None, request: StopRequest) -> bool:
    """Trains to the end, or until a hook has put an earlier state into the place of the last one: False, and a resume goes on from it.

    Args:
        cfg: as files keep it.
        located: with the paths of what it takes from other runs.
        resumption, request: see :func:`mmseg.engine.building.build_runner`.
    """
    located, cfg = copy.deepcopy(located), copy.deepcopy(cfg)  # the engine writes folders of this stretch into what it is given
    runner = build_runner(located, resumption, recorded=cfg, request=request)
    runner.digest = digest(cfg)
    classes = runner.val_dataloader.dataset.metainfo["classes"]
    for line in attach_teacher(runner.network, classes, get_device()):
        runner.logger.info(line)
    for note in other_ends(cfg):
        runner.logger.warning(note)
    try:
        runner.train()
    except GoBack:
        return False
    return True


def forget() -> None:
    """Frees what a training has held, its loader workers and its memory on the device, before the next one is built in this process.

    The objects of a training refer to each other in circles, and are out of the collector's sight while workers share them.
    """
    gc.unfreeze()
    gc.collect()
    torch.cuda.empty_cache()


def without_start(cfg: Config) -> Config:
    """The config without the checkpoint that a training starts from, which a resumed one does not need."""
    return Config({key: value for key, value in cfg.to_dict().items() if key != "load_from"})


def resumed(cfg: Config, folder: Path, *, first: bool, override: bool) -> Resumption:
    """From where a training goes on, see :func:`state_to_resume` and :func:`plan_resume`."""
    state, warnings = state_to_resume(folder, first=first)
    return replace(plan_resume(cfg, str(state), override=override), warnings=warnings)


def check_state(folder: Path, resume: bool) -> None:
    """Refuses to resume nothing, and to start over where a training has begun."""
    if resume and not has_state(folder):
        fix = "Name the folder of the training with --work-dir, or leave --resume out to start a new one."
        raise UserError(f"Nothing to resume: {folder / LATEST} does not exist. {fix}")
    if not resume and has_state(folder):
        raise UserError(f"{folder} already holds a training. Continue it with --resume, or choose another folder with --work-dir.")
