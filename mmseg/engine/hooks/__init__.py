"""What happens around training and is not learning."""

from mmseg.engine.hooks.checkpoint_hook import CheckpointHook
from mmseg.engine.hooks.result_hook import ResultHook

__all__ = ["CheckpointHook", "ResultHook"]
