"""The methods: each one a short preset of objectives over the shared step."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.models.uda.augment import StrongAugment
from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.objectives import FeatureDistance, MixedSupervision, SourceSupervision
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError


@MODELS.register_module()
class DACS(UDAMethod):
    """Cross-domain mixed sampling (Tranheden et al., 2021) with the training of DAFormer (Hoyer et al., 2022) and HRDA.

    Args:
        segmentor: config of the network.
        seed: seed of all draws in the step.
        alpha: largest share of the old teacher in an update.
        pseudo_threshold: confidence τ from which a pseudo-label counts as sure.
        pseudo_weight_ignore_top, pseudo_weight_ignore_bottom: rows of a target crop without weight.
        imnet_feature_dist_lambda: weight of the feature distance; 0 leaves it and its network out.
        imnet_feature_dist_classes: train ids it applies to; None compares all features.
        imnet_feature_dist_scale_min_ratio: share of a feature cell that a class must fill.
        mix: 'class', the only published kind.
        blur: whether half of the mixed batches are blurred.
        color_jitter_strength: range of the jitter factors.
        color_jitter_probability: p; batches are jittered with probability 1 - p (published quirk).
        source_class_weight: K class weights of the source loss (short schedules only); None as published.
        self_training_start: first iteration with self-training (short schedules only); 0 as published.
        data_preprocessor: config of the normalisation.
    """

    def __init__(
        self,
        *,
        segmentor: dict,
        seed: int = 0,
        alpha: float = 0.999,
        pseudo_threshold: float = 0.968,
        pseudo_weight_ignore_top: int = 0,
        pseudo_weight_ignore_bottom: int = 0,
        imnet_feature_dist_lambda: float = 0.0,
        imnet_feature_dist_classes: Sequence[int] | None = None,
        imnet_feature_dist_scale_min_ratio: float = 0.75,
        mix: str = "class",
        blur: bool = True,
        color_jitter_strength: float = 0.2,
        color_jitter_probability: float = 0.2,
        source_class_weight: Sequence[float] | None = None,
        self_training_start: int = 0,
        data_preprocessor: dict | None = None,
    ) -> None:
        if mix != "class":
            raise UserError(f"DACS: mix={mix!r} is not known. Use mix='class'.")
        super().__init__(
            segmentor=segmentor,
            seed=seed,
            with_teacher=True,
            with_imnet=imnet_feature_dist_lambda > 0,
            alpha=alpha,
            pseudo_threshold=pseudo_threshold,
            pseudo_weight_ignore_top=pseudo_weight_ignore_top,
            pseudo_weight_ignore_bottom=pseudo_weight_ignore_bottom,
            data_preprocessor=data_preprocessor,
        )
        distance = FeatureDistance(
            weight=imnet_feature_dist_lambda, classes=imnet_feature_dist_classes, scale_min_ratio=imnet_feature_dist_scale_min_ratio
        )
        augment = StrongAugment(
            mean=self.data_preprocessor.grey_mean,
            std=self.data_preprocessor.grey_std,
            jitter_strength=color_jitter_strength,
            jitter_probability=color_jitter_probability,
            blur=blur,
        )
        self.objectives = (
            SourceSupervision(class_weight=source_class_weight, feature_distance=distance if distance.weight > 0 else None),
            MixedSupervision(augment=augment, start=self_training_start),
        )


@MODELS.register_module()
class SourceOnly(UDAMethod):
    """Supervised training on the labelled domain alone: the lower bound.

    Args:
        segmentor: config of the network.
        seed: seed of all draws in the step.
        source_class_weight: K class weights of the loss (short schedules only); None as published.
        data_preprocessor: config of the normalisation.
    """

    def __init__(
        self, *, segmentor: dict, seed: int = 0, source_class_weight: Sequence[float] | None = None, data_preprocessor: dict | None = None
    ) -> None:
        super().__init__(segmentor=segmentor, seed=seed, data_preprocessor=data_preprocessor)
        self.objectives = (SourceSupervision(class_weight=source_class_weight),)


@MODELS.register_module()
class TargetOnly(SourceOnly):
    """The oracle: supervised training where the config gives the target's labelled training split as ``source``."""
