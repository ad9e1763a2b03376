"""Supervised training on one labelled domain: the bounds between which adaptation moves."""

from __future__ import annotations

from mmseg.models.uda.preset import Preset
from mmseg.registry import MODELS


@MODELS.register_module()
class SourceOnly(Preset):
    """Supervised training on the labelled domain alone: the lower bound.

    Args:
        shared: see :class:`Preset`.
    """

    def __init__(self, **shared) -> None:
        super().__init__(**shared)
        self.preset = {"source": {"type": "SourceSupervision", "class_weight": self.source_class_weight}, **self.preset}


@MODELS.register_module()
class TargetOnly(SourceOnly):
    """The oracle: supervised training where the config gives the target's labelled training split as ``source``."""
