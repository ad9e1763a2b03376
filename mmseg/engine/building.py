"""From a complete config to the runner that trains it, with what it has to say before it starts."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from mmseg.datasets.sampling.source_classes import source_note
from mmseg.engine.checkpoints.disk_space import space_note, state_bytes
from mmseg.engine.distributed import patience
from mmseg.engine.hooks.annotation_rounds import AnnotationRounds
from mmseg.engine.hooks.lost_class_hook import LostClassHook
from mmseg.engine.message_hub import LOG_WINDOW
from mmseg.engine.parts import annotation_note, labeled_note, late_note, target_note, training_parts, workers_note
from mmseg.engine.resume.history import Resumption
from mmseg.engine.runner import AdaptationRunner
from mmseg.engine.stopping import Stopping
from mmseg.models.uda.shared_weights import frozen_weights
from mmseg.utils.signals import StopRequest


def build_runner(
    cfg: Config, resumption: Resumption | None = None, *, recorded: Config | None = None, request: StopRequest | None = None
) -> AdaptationRunner:
    """A runner for training (with validation) from a complete config.

    Args:
        cfg: see :func:`mmseg.config.config.load_config`.
        resumption: what to continue from; goes before ``load_from`` of the config. None starts anew.
        recorded: the config as files keep it, where that names products of other runs otherwise than by their paths.
        request: notes the signals that ask the training to end; None for a training that handles none.
    """
    parts = training_parts(cfg)
    dataset = parts["train_dataloader"]["dataset"]
    for hook in parts["custom_hooks"]:
        if isinstance(hook, AnnotationRounds):  # loader workers see the data set as it is when they start
            hook.attach(cfg, dataset)
        if isinstance(hook, LostClassHook):
            hook.check(parts["default_hooks"]["checkpoint"].max_keep, parts["custom_hooks"])
    model = parts["model"]
    checkpoint_hook = parts["default_hooks"]["checkpoint"]
    trainable = checkpoint_hook.weights == "trainable"
    without = [weight for _, weight in frozen_weights(model.model)] if trainable else []
    notes = (
        source_note(dataset),
        target_note(dataset, model),
        labeled_note(dataset, model),
        annotation_note(dataset, model),
        late_note(model, cfg.train_cfg.max_iters),
        space_note(Path(cfg.work_dir), state_bytes(model, parts["optim_wrapper"], without), checkpoint_hook.max_keep),
    )
    runner = AdaptationRunner(
        **parts,
        work_dir=cfg.work_dir,
        val_cfg={},
        log_processor={"by_epoch": False, "window_size": LOG_WINDOW},
        load_from=resumption.checkpoint if resumption else cfg.get("load_from"),
        resume=resumption is not None,
        randomness={"seed": cfg.seed},
        launcher=cfg.get("launcher", "none"),
        default_scope="mmengine",
        experiment_name=Path(cfg.work_dir).name,
        cfg=cfg if recorded is None else recorded,
    )
    runner.resumption = resumption or runner.resumption
    runner.stopping = Stopping(request or StopRequest(lambda number: None), patience(cfg.env_cfg))
    for line in filter(None, notes):
        runner.logger.warning(line)
    if line := workers_note(cfg):
        runner.logger.info(line)
    return runner
