"""Adaptation without the source: DACS that mixes target crops with each other, held by what the source has taught (ours)."""

from __future__ import annotations

from mmseg.models.uda.methods.distillation import Distillation
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative, Share


@MODELS.register_module()
class SourceFree(Distillation):
    """Self-training on mixed target crops (:class:`TargetMixedSupervision`) that stays near the frozen network of the source.

    It starts from that network: ``load_from`` names its checkpoint, ``distilled_from`` its run. The loader still draws source crops, as
    for every method, but no objective looks at them.

    Args:
        distilled_from: the network of the source, see :class:`Distillation`.
        lambda_distillation: weight of the divergence from its predictions, which keeps classes from getting lost (ours).
        mix_threshold: confidence from which a pixel of another crop is pasted.
        shared: see :class:`Distillation`.
    """

    has_teacher = True

    def __init__(self, *, lambda_distillation: NonNegative[float] = 0.1, mix_threshold: Share = 0.968, **shared) -> None:
        super().__init__(lambda_distillation=lambda_distillation, **shared)
        kept = {name: config for name, config in self.preset.items() if name != "source"}
        mixed = {"type": "TargetMixedSupervision", "threshold": mix_threshold, "start": self.self_training_start}
        self.preset = {"distilled": kept.pop("distilled"), "mixed": mixed, **kept}  # whose pseudo-labels are recorded, and not the former's
