"""The runner and what surrounds training: checkpoints, optimizer groups, hooks."""

from mmseg.engine.building import build_runner
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.hooks import CheckpointHook, PictureHook, ResultHook
from mmseg.engine.loops import AdaptationTrainLoop
from mmseg.engine.optimizers import GroupedOptimWrapperConstructor
from mmseg.engine.runner import AdaptationRunner

__all__ = [
    "AdaptationRunner",
    "AdaptationTrainLoop",
    "CheckpointHook",
    "GroupedOptimWrapperConstructor",
    "PictureHook",
    "ResultHook",
    "build_runner",
    "read_checkpoint",
]
