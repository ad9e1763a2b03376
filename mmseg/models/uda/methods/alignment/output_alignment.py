"""The warm-up of CPSL (Li et al., CVPR 2022): adversarial alignment of predictions, as its released code trains it."""

# ruff: noqa: N803  (names of options as in the other adversarial methods)

from __future__ import annotations

from mmseg.models.losses.adversarial import domain_loss
from mmseg.models.uda.base import OwnOptimizer
from mmseg.models.uda.discriminator import Discriminators, SmallKernelDiscriminator
from mmseg.models.uda.discriminator_optimizer import falling_adam
from mmseg.models.uda.preset import Preset
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative, Positive


@MODELS.register_module()
class OutputAlignment(Preset):
    """Supervision on the source, and target predictions that a discriminator takes for source ones.

    Unlike :class:`AdvSeg`, the discriminator has 3x3 kernels, is trained by the *sum* of what both domains cost, and by its own
    optimizer alone. It looks at the predictions from before the student's step.

    Args:
        discriminator_type: its loss, 'LS' (least squares) or 'Vanilla' (cross entropy of logits).
        lambda_align: weight of the alignment.
        lr_D: learning rate of its own optimizer, Adam, which falls to 0 as (1 - share of the iterations) ** 0.9.
        lr_D_iters: it falls to 0 at this iteration; None takes the length of the training.
        shared: see :class:`Preset`.
    """

    def __init__(
        self,
        *,
        discriminator_type: str = "LS",
        lambda_align: NonNegative[float] = 0.01,
        lr_D: Positive[float] = 1e-4,
        lr_D_iters: Positive[int] | None = None,
        **shared,
    ) -> None:
        domain_loss(discriminator_type, "OutputAlignment: discriminator_type")
        super().__init__(**shared)
        self.lr_D, self.lr_D_iters = lr_D, lr_D_iters
        self.model_D = Discriminators(levels=["main"], num_classes=self.model.num_classes, kind=SmallKernelDiscriminator)
        judged = {"type": "Discriminate", "loss": discriminator_type, "weight": 1.0}
        self.preset = {
            "source": {"type": "SourceSupervision", "class_weight": self.source_class_weight},
            "align": {"type": "AlignToSource", "loss": discriminator_type, "weights": {"main": lambda_align}},
            "discriminate_source": {**judged, "domain": "source"},
            "discriminate_target": {**judged, "domain": "target"},
            **self.preset,
        }

    @property
    def own_optimizers(self) -> dict[str, OwnOptimizer]:
        """The discriminator's Adam, which alone trains it."""
        return falling_adam(self.model_D, lr_D=self.lr_D, lr_D_iters=self.lr_D_iters)
