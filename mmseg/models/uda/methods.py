"""The methods: each one a short preset of objectives over the shared step."""

# ruff: noqa: N803  (published option names)

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from mmseg.models.losses.adversarial import DOMAIN_LOSSES
from mmseg.models.uda.base import OwnOptimizer
from mmseg.models.uda.discriminator import Discriminators
from mmseg.models.uda.objectives import (
    AlignToSource,
    Discriminate,
    FeatureDistance,
    MinimizeEntropy,
    MixedSupervision,
    SourceSupervision,
)
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.prediction import level_weights
from mmseg.models.uda.pseudo_labels.teacher import freeze
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.randomness import derive_seed


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
        mix: 'class', the only published kind.
        shared: see :class:`Preset`.
    """

    has_teacher = True

    def __init__(
        self,
        *,
        segmentor: dict,
        imnet_feature_dist_lambda: float = 0.0,
        imnet_feature_dist_classes: Sequence[int] | None = None,
        imnet_feature_dist_scale_min_ratio: float = 0.75,
        imnet_encoder_only: bool = False,
        mix: str = "class",
        **shared,
    ) -> None:
        if mix != "class":
            raise UserError(f"DACS: mix={mix!r} is not known. Use mix='class'.")
        super().__init__(segmentor=segmentor, **shared)
        distance = None
        if imnet_feature_dist_lambda > 0:
            network = freeze(MODELS.build(segmentor))
            self.imnet_model = network.without_decoders() if imnet_encoder_only else network
            where = {"classes": imnet_feature_dist_classes, "scale_min_ratio": imnet_feature_dist_scale_min_ratio}
            distance = FeatureDistance(weight=imnet_feature_dist_lambda, **where)
        self.objectives = (
            SourceSupervision(class_weight=self.source_class_weight, feature_distance=distance),
            MixedSupervision(teacher=self.teachers[0], augment=self.augment, start=self.self_training_start),
            *self.masking,
        )


@MODELS.register_module()
class SourceOnly(Preset):
    """Supervised training on the labelled domain alone: the lower bound.

    Args:
        shared: see :class:`Preset`.
    """

    def __init__(self, **shared) -> None:
        super().__init__(**shared)
        self.objectives = (SourceSupervision(class_weight=self.source_class_weight), *self.masking)


@MODELS.register_module()
class TargetOnly(SourceOnly):
    """The oracle: supervised training where the config gives the target's labelled training split as ``source``."""


@MODELS.register_module()
class MinEnt(Preset):
    """Entropy minimisation on the target (Vu et al., CVPR 2019, section 3.1), as in table 2 of HRDA.

    Args:
        lambda_ent: λ of the 'main' prediction, and of 'aux' where the network has an auxiliary head.
        shared: see :class:`Preset`.
    """

    def __init__(self, *, lambda_ent: Mapping[str, float], **shared) -> None:
        super().__init__(**shared)
        weights = level_weights("lambda_ent", lambda_ent)
        self.objectives = (SourceSupervision(class_weight=self.source_class_weight), MinimizeEntropy(weights=weights), *self.masking)


@MODELS.register_module()
class AdvSeg(Preset):
    """Adversarial alignment of predictions (AdaptSegNet, Tsai et al., CVPR 2018), as in table 2 of HRDA.

    The discriminator steps twice per iteration: with the optimizer of the config, which trains whatever the
    method trains, and with its own. That is how the published training works, by accident, and what its
    results are from.

    Args:
        discriminator_type: its loss, 'LS' (least squares) or 'Vanilla' (cross entropy).
        lr_D: learning rate of its own optimizer, Adam.
        lr_D_power, lr_D_min: it falls to ``lr_D_min`` as (1 - share of the iterations) ** ``lr_D_power``.
        lambda_adv_target: λ of the 'main' prediction, and of 'aux' where the network has an auxiliary head.
        shared: see :class:`Preset`.
    """

    def __init__(
        self, *, discriminator_type: str, lr_D: float, lr_D_power: float, lr_D_min: float, lambda_adv_target: Mapping[str, float], **shared
    ) -> None:
        if discriminator_type not in DOMAIN_LOSSES:
            fix = suggestion(discriminator_type, DOMAIN_LOSSES) or f" Use one of {', '.join(DOMAIN_LOSSES)}."
            raise UserError(f"AdvSeg: discriminator_type={discriminator_type!r} is not known.{fix}")
        super().__init__(**shared)
        self.lr_D, self.lr_D_power, self.lr_D_min = lr_D, lr_D_power, lr_D_min
        weights, loss = level_weights("lambda_adv_target", lambda_adv_target), DOMAIN_LOSSES[discriminator_type]
        levels = [level for level in weights if level == "main" or self.model.auxiliary_head is not None]
        self.model_D = Discriminators(levels=levels, num_classes=self.model.num_classes)
        self.objectives = (
            SourceSupervision(class_weight=self.source_class_weight),
            AlignToSource(loss=loss, weights=weights),
            Discriminate(loss=loss, domain="source"),
            Discriminate(loss=loss, domain="target"),
            *self.masking,
        )

    def init_weights(self) -> None:
        """Initialises the student, then the discriminator from a seed of its own."""
        super().init_weights()
        torch.manual_seed(derive_seed(self.seed, "initial discriminator"))
        self.model_D.init_weights()

    @property
    def own_optimizers(self) -> dict[str, OwnOptimizer]:
        """The discriminator's Adam."""
        optimizer = {"type": "Adam", "lr": self.lr_D, "betas": (0.9, 0.99)}
        schedule = {"type": "PolyLR", "power": self.lr_D_power, "eta_min": self.lr_D_min}
        return {"discriminator": OwnOptimizer(self.model_D, optimizer, schedule)}
