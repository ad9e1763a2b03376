"""Adversarial alignment of self-information (AdvEnt, Vu et al., CVPR 2019)."""

# ruff: noqa: N803  (published option names)

from __future__ import annotations

from collections.abc import Mapping

from mmseg.models.uda.base import OwnOptimizer
from mmseg.models.uda.discriminator import InformationDiscriminators
from mmseg.models.uda.discriminator_optimizer import falling_adam
from mmseg.models.uda.preset import Preset
from mmseg.models.uda.pseudo_labels.prediction import level_weights
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative, Positive


def alignment(weights: Mapping[str, float], *, judged: float) -> dict[str, dict]:
    """The terms of alignment by cross entropy: that of the student, and those of the discriminator on both domains.

    Args:
        weights: λ by level of prediction.
        judged: what each domain counts for the discriminator.
    """
    term = {"type": "Discriminate", "loss": "Vanilla", "weight": judged}
    return {
        "align": {"type": "AlignToSource", "loss": "Vanilla", "weights": dict(weights)},
        "discriminate_source": {**term, "domain": "source"},
        "discriminate_target": {**term, "domain": "target"},
    }


@MODELS.register_module()
class AdvEnt(Preset):
    """Supervision on the source, and target predictions whose self-information a discriminator takes for that of the source.

    Unlike :class:`AdvSeg`, the discriminator looks at self-information and is trained by its own optimizer alone.

    Args:
        lambda_adv_target: λ of the 'main' prediction, and of 'aux' where the network has an auxiliary head.
        lr_D: learning rate of the discriminator's own optimizer, Adam, which falls to 0 as (1 - share of the iterations) ** 0.9.
        lr_D_iters: it falls to 0 at this iteration; None takes the length of the training.
        shared: see :class:`Preset`.
    """

    def __init__(
        self,
        *,
        lambda_adv_target: Mapping[str, NonNegative[float]],
        lr_D: Positive[float] = 1e-4,
        lr_D_iters: Positive[int] | None = None,
        **shared,
    ) -> None:
        super().__init__(**shared)
        self.lr_D, self.lr_D_iters = lr_D, lr_D_iters
        weights = level_weights("lambda_adv_target", lambda_adv_target)
        levels = [level for level in weights if level == "main" or self.model.auxiliary_head is not None]
        self.model_D = InformationDiscriminators(levels=levels, num_classes=self.model.num_classes)
        source = {"type": "SourceSupervision", "class_weight": self.source_class_weight}
        self.preset = {"source": source, **alignment(weights, judged=0.5), **self.preset}

    @property
    def own_optimizers(self) -> dict[str, OwnOptimizer]:
        """The discriminator's Adam, which alone trains it."""
        return falling_adam(self.model_D, lr_D=self.lr_D, lr_D_iters=self.lr_D_iters)
