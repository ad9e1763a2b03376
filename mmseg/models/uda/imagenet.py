"""What methods share that keep the student close to the features of ImageNet (DAFormer, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.models.uda.objectives.feature_distance import FeatureDistance
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.teacher import freeze
from mmseg.models.uda.shared_weights import share_frozen
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative, Share


class ImageNetPreset(Preset):
    """A preset with a frozen copy of the starting network, and the distance to its features.

    Args:
        segmentor: config of the network.
        imnet_feature_dist_lambda: weight of the feature distance; 0 leaves it and its network out.
        imnet_feature_dist_classes: train ids it applies to; None compares all features.
        imnet_feature_dist_scale_min_ratio: share of a feature cell that a class must fill.
        imnet_encoder_only: the network of the feature distance keeps no decoder, which nothing uses. As published,
            it is kept and saved.
        shared: see :class:`Preset`.

    Attributes:
        feature_distance: for a subclass's objective on the source, or None.
    """

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
        self.feature_distance = None
        if imnet_feature_dist_lambda > 0:
            network = freeze(share_frozen(self.model, MODELS.build(segmentor)))
            self.imnet_model = network.without_decoders() if imnet_encoder_only else network
            where = {"classes": imnet_feature_dist_classes, "scale_min_ratio": imnet_feature_dist_scale_min_ratio}
            self.feature_distance = FeatureDistance(weight=imnet_feature_dist_lambda, **where)
