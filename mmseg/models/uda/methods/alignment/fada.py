"""Class-level adversarial alignment of features (FADA, Wang et al., ECCV 2020), on which label shift adaptation builds."""

# ruff: noqa: N803  (published option names)

from __future__ import annotations

from mmseg.models.uda.base import OwnOptimizer
from mmseg.models.uda.class_discriminator import ClassDiscriminator
from mmseg.models.uda.discriminator_optimizer import falling_adam
from mmseg.models.uda.preset import Preset
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import NonNegative, Positive, Share


@MODELS.register_module()
class FADA(Preset):
    """Adversarial alignment with soft class labels (section 3.2 of the paper).

    One iteration is that of the published code: supervision on the source, alignment on the target, then the discriminator on the
    features of both, which are those from before the student's step.

    Args:
        lambda_align: weight of the alignment.
        temperature, ceiling: of the soft class labels, see :class:`ClassKnowledge`. That of the source loss is an option of it:
            ``decode_head.loss_decode=dict(type='CrossEntropyLoss', temperature=1.8, avg_non_ignore=True)``.
        lr_D: learning rate of the discriminator's own optimizer, Adam.
        lr_D_iters: it falls as (1 - iteration / ``lr_D_iters``) ** 0.9; None takes the length of the training. Published: 62,500
            for trainings of 40,000.
        shared: see :class:`Preset`.
    """

    blind = False

    def __init__(
        self,
        *,
        lambda_align: NonNegative[float] = 0.001,
        temperature: Positive[float] = 1.8,
        ceiling: Share = 0.9,
        lr_D: Positive[float] = 1e-4,
        lr_D_iters: Positive[int] | None = None,
        **shared,
    ) -> None:
        super().__init__(**shared)
        self.lr_D, self.lr_D_iters = lr_D, lr_D_iters
        self.model_D = ClassDiscriminator(in_channels=self.model.feature_channels, num_classes=self.model.num_classes)
        knowledge = {"temperature": temperature, "ceiling": ceiling}
        self.preset = {
            "source": {"type": "SourceSupervision", "class_weight": self.source_class_weight},
            "align": {"type": "AlignClasses", "weight": lambda_align, **knowledge},
            "discriminate_source": {"type": "DiscriminateClasses", "domain": "source", **knowledge},
            "discriminate_target": {"type": "DiscriminateClasses", "domain": "target", **knowledge},
            **self.preset,
        }

    @property
    def own_optimizers(self) -> dict[str, OwnOptimizer]:
        """The discriminator's Adam, which alone trains it."""
        return falling_adam(self.model_D, lr_D=self.lr_D, lr_D_iters=self.lr_D_iters)
