"""An encoder that stays as it is: the baseline of all tunings."""

from __future__ import annotations

from torch import nn

from mmseg.models.backbones.tuning.base import TUNINGS, Tuning


@TUNINGS.register_module(name=["frozen", "Frozen"])
class Frozen(Tuning):
    """No weight of the encoder is trained, and no gradient passes through it."""

    def apply(self, network: nn.Module) -> None:
        """Excludes all weights from training."""
        network.requires_grad_(False)
