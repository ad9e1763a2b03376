"""Adversarial training with depth and its distribution (Wu & Liu, "Unsupervised Domain Adaptation for Semantic Segmentation using Depth
Distribution", NeurIPS 2022)."""

# ruff: noqa: N803  (option names as in the other adversarial methods)

from __future__ import annotations

from mmseg.models.uda.base import OwnOptimizer
from mmseg.models.uda.discriminator import InformationDiscriminators
from mmseg.models.uda.discriminator_optimizer import falling_adam
from mmseg.models.uda.methods.alignment.adv_ent import alignment
from mmseg.models.uda.preset import Preset
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive


@MODELS.register_module()
class DepthDistribution(Preset):
    """The first training of the paper: segmentation, depth and density of the source, density and alignment of the target.

    One iteration is that of the released code: the source, then the target with a frozen discriminator, then the discriminator on both,
    each with a backward pass; network and discriminator step at the end. The network needs a ``depth_head``; its weighted cross entropy is
    ``decode_head.loss_decode=dict(type='CrossEntropyLoss', class_weight=[…], avg_class_weight=True)``.

    Args:
        mixtures: file of ``tools/prepare/depth_distribution.py``; None leaves the density out (the row M1 of the paper). What the
            discriminator looks at then was not published; ours looks at the self-information alone.
        lambda_depth: weight of the depth of the source, in the units of inverse depth.
        lambda_density: weight of the density of the source, in [0, 255].
        lambda_target: weight of the density of the target.
        lambda_adv: weight of the alignment.
        lr_D: learning rate of the discriminator's own optimizer, Adam, which falls to 0 as (1 - share of the iterations) ** 0.9.
        lr_D_iters: it falls to 0 at this iteration; None takes the length of the training.
        shared: see :class:`Preset`, without ``depth``.
    """

    blind = False

    def __init__(
        self,
        *,
        mixtures: str | None,
        lambda_depth: NonNegative[float] = 0.005,
        lambda_density: NonNegative[float] = 0.01,
        lambda_target: NonNegative[float] = 0.05,
        lambda_adv: NonNegative[float] = 0.05,
        lr_D: Positive[float] = 1e-3,
        lr_D_iters: Positive[int] | None = None,
        **shared,
    ) -> None:
        if shared.get("depth") is not None:
            raise UserError("DepthDistribution has options of its own for mixtures and weights. Leave uda.depth out.")
        weights = {"lambda_depth": lambda_depth, "lambda_density": lambda_density, "lambda_target": lambda_target}
        super().__init__(**{**shared, "depth": {"mixtures": mixtures, "units": "raw", **weights}})
        self.lr_D, self.lr_D_iters = lr_D, lr_D_iters
        self.model_D = InformationDiscriminators(levels=["main"], num_classes=self.model.num_classes, density=mixtures is not None)
        source = {"type": "SourceSupervision", "class_weight": self.source_class_weight}
        self.preset = {"source": source, **alignment({"main": lambda_adv}, judged=1.0), **self.preset}

    @property
    def own_optimizers(self) -> dict[str, OwnOptimizer]:
        """The discriminator's Adam, which alone trains it."""
        return falling_adam(self.model_D, lr_D=self.lr_D, lr_D_iters=self.lr_D_iters)
