"""Entropy minimisation on the target (Vu et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Mapping

from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.prediction import level_weights
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative


@MODELS.register_module()
class MinEnt(Preset):
    """Entropy minimisation on the target (section 3.1), as in table 2 of HRDA.

    Args:
        lambda_ent: λ of the 'main' prediction, and of 'aux' where the network has an auxiliary head.
        shared: see :class:`Preset`.
    """

    def __init__(self, *, lambda_ent: Mapping[str, NonNegative[float]], **shared) -> None:
        super().__init__(**shared)
        self.preset = {
            "source": {"type": "SourceSupervision", "class_weight": self.source_class_weight},
            "entropy": {"type": "MinimizeEntropy", "weights": level_weights("lambda_ent", lambda_ent)},
            **self.preset,
        }
