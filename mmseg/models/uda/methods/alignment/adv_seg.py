"""Adversarial alignment of predictions (AdaptSegNet, Tsai et al., CVPR 2018)."""

# ruff: noqa: N803  (published option names)

from __future__ import annotations

from collections.abc import Mapping

from mmseg.models.losses.adversarial import domain_loss
from mmseg.models.uda.base import OwnOptimizer
from mmseg.models.uda.discriminator import Discriminators
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.prediction import level_weights
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative, Positive


@MODELS.register_module()
class AdvSeg(Preset):
    """Adversarial alignment of predictions (AdaptSegNet, Tsai et al., CVPR 2018), as in table 2 of HRDA.

    The discriminator steps twice per iteration: with the optimizer of the config, which trains whatever the
    method trains, and with its own. That is how the published training works, by accident, and what its
    results are from.

    Args:
        discriminator_type: its loss, 'LS' (least squares) or 'Vanilla' (cross entropy).
        lr_D: learning rate of its own optimizer, Adam.
        lr_D_power, lr_D_min: it falls to ``lr_D_min`` as (1 - share of the iterations) ** ``lr_D_power``; the defaults are the
            published ones.
        lambda_adv_target: λ of the 'main' prediction, and of 'aux' where the network has an auxiliary head.
        shared: see :class:`Preset`.
    """

    def __init__(
        self,
        *,
        discriminator_type: str,
        lr_D: Positive[float],
        lambda_adv_target: Mapping[str, NonNegative[float]],
        lr_D_power: NonNegative[float] = 0.9,
        lr_D_min: NonNegative[float] = 0.0,
        **shared,
    ) -> None:
        domain_loss(discriminator_type, "AdvSeg: discriminator_type")
        super().__init__(**shared)
        self.lr_D, self.lr_D_power, self.lr_D_min = lr_D, lr_D_power, lr_D_min
        weights = level_weights("lambda_adv_target", lambda_adv_target)
        levels = [level for level in weights if level == "main" or self.model.auxiliary_head is not None]
        self.model_D = Discriminators(levels=levels, num_classes=self.model.num_classes)
        self.preset = {
            "source": {"type": "SourceSupervision", "class_weight": self.source_class_weight},
            "align": {"type": "AlignToSource", "loss": discriminator_type, "weights": weights},
            "discriminate_source": {"type": "Discriminate", "loss": discriminator_type, "domain": "source"},
            "discriminate_target": {"type": "Discriminate", "loss": discriminator_type, "domain": "target"},
            **self.preset,
        }

    @property
    def own_optimizers(self) -> dict[str, OwnOptimizer]:
        """The discriminator's Adam."""
        optimizer = {"type": "Adam", "lr": self.lr_D, "betas": (0.9, 0.99)}
        schedule = {"type": "PolyLR", "power": self.lr_D_power, "eta_min": self.lr_D_min}
        return {"discriminator": OwnOptimizer(self.model_D, optimizer, schedule)}
