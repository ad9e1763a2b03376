"""Self-training on mixed images: DACS, and with its feature distance DAFormer and HRDA."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.models.uda.objectives.feature_distance import FeatureDistance
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.teacher import freeze
from mmseg.registry import MODELS
from mmseg.utils.ranges import NonNegative, Share


@MODELS.register_module()
class DACS(Preset):
    """Cross-domain mixed sampling (Tranheden et al., 2021) with the training of DAFormer (Hoyer et al., 2022) and HRDA.

    Args:
        segmentor: config of the network.
        imnet_feature_dist_lambda: weight of the feature distance; 0 leaves it and its network out.
        imnet_feature_dist_classes: train ids it applies to; None compares all features.
        imnet_feature_dist_scale_min_ratio: share of a feature cell that a class must fill.
        imnet_encoder_only: the network of the feature distance keeps no decoder, which nothing uses. As published,
            it is kept and saved.
        shared: see :class:`Preset`.
    """

    has_teacher = True

    def __init__(
        self,
        *,
        segmentor: dict,
        imnet_feature_dist_lambda: NonNegative[float] = 0.0,
        imnet_feature_dist_classes: Sequence[NonNegative[int]] | None = None,
        imnet_feature_dist_scale_min_ratio: Share = 0.75,
        imnet_encoder_only: bool = False,
        **shared,
    ) -> None:
        super().__init__(segmentor=segmentor, **shared)
        distance = None
        if imnet_feature_dist_lambda > 0:
            network = freeze(MODELS.build(segmentor))
            self.imnet_model = network.without_decoders() if imnet_encoder_only else network
            where = {"classes": imnet_feature_dist_classes, "scale_min_ratio": imnet_feature_dist_scale_min_ratio}
            distance = FeatureDistance(weight=imnet_feature_dist_lambda, **where)
        self.preset = {
            "source": {"type": "SourceSupervision", "class_weight": self.source_class_weight, "feature_distance": distance},
            "mixed": {"type": "MixedSupervision", "start": self.self_training_start},
            **self.preset,
        }
