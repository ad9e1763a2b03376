"""Active learning with a budget of pixels (RIPU, Xie et al., CVPR 2022)."""

from __future__ import annotations

from collections.abc import Mapping

from mmseg.models.uda.objectives.consistency.local_consistency import LocalConsistency
from mmseg.models.uda.preset import Preset
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative


@MODELS.register_module()
class RIPU(Preset):
    """Supervision on the source and on the target pixels that an ``AnnotationRounds`` in ``custom_hooks`` has asked for.

    The published cross entropy is a mean over labelled pixels, ``loss_decode=dict(avg_non_ignore=True)`` of the decoder. Source-free is
    ``objectives=dict(source=None)``.

    Args:
        local_consistency_lambda: weight α1 of :class:`LocalConsistency` on the source; 0 leaves it out.
        annotated: see :class:`Preset`; by default, negative learning on the target has the weight α2 = 1.
        shared: see :class:`Preset`.
    """

    def __init__(self, *, local_consistency_lambda: NonNegative[float] = 0.1, annotated: Mapping | None = None, **shared) -> None:
        super().__init__(annotated={"negative": 1.0, **(annotated or {})}, **shared)
        consistency = LocalConsistency(weight=local_consistency_lambda) if local_consistency_lambda > 0 else None
        source = {"type": "SourceSupervision", "class_weight": self.source_class_weight, "local_consistency": consistency}
        self.preset = {"source": source, **self.preset}
