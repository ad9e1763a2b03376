"""Self-training on mixed images: DACS, and with its feature distance DAFormer and HRDA."""

from __future__ import annotations

from mmseg.models.uda.imagenet import ImageNetPreset
from mmseg.registry import MODELS


@MODELS.register_module()
class DACS(ImageNetPreset):
    """Cross-domain mixed sampling (Tranheden et al., 2021) with the training of DAFormer (Hoyer et al., 2022) and HRDA.

    Args:
        shared: see :class:`ImageNetPreset` and :class:`Preset`.
    """

    has_teacher = True

    def __init__(self, **shared) -> None:
        super().__init__(**shared)
        source = {"type": "SourceSupervision", "class_weight": self.source_class_weight, "feature_distance": self.feature_distance}
        self.preset = {"source": source, "mixed": {"type": "MixedSupervision", "start": self.self_training_start}, **self.preset}
