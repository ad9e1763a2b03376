"""Domain generalisation: a training that sees the source alone, and is meant for any street."""

from __future__ import annotations

from mmseg.models.uda.imagenet import ImageNetPreset
from mmseg.models.uda.objectives.consistency.style_consistency import StyleConsistency
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative


@MODELS.register_module()
class DomainGeneralization(ImageNetPreset):
    """Supervision on the source, close to ImageNet's features, and the same in any style (HRDA's extension, PAMI 2024, section 6).

    Published configs call it ``DACS`` with ``source_only=True``. It has no teacher, mixes nothing and needs no target.

    Args:
        style_consistency_lambda: weight of :class:`StyleConsistency`, 10 as published; needs
            ``model.backbone.style_hallucination_cfg`` and a ``BaseStylesHook``. 0 leaves it out.
        shared: see :class:`ImageNetPreset` and :class:`Preset`.
    """

    def __init__(self, *, style_consistency_lambda: NonNegative[float] = 0.0, **shared) -> None:
        super().__init__(**shared)
        consistency = StyleConsistency(weight=style_consistency_lambda) if style_consistency_lambda > 0 else None
        source = {"type": "SourceSupervision", "class_weight": self.source_class_weight, "feature_distance": self.feature_distance}
        self.preset = {"source": {**source, "style_consistency": consistency}, **self.preset}
