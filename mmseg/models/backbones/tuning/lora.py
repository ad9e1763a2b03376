"""LoRA: a product of narrow matrices beside every linear layer, 0 at the start.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, section 4.1.
"""

from __future__ import annotations

import math

from torch import nn

from mmseg.models.backbones.tuning.base import TUNINGS, Tuning
from mmseg.models.backbones.tuning.low_rank import add_low_rank, low_rank_layers, merge_low_rank
from mmseg.utils.options.ranges import NonNegative, Positive


@TUNINGS.register_module()
class LoRA(Tuning):
    """y = W x + b + (alpha / rank) B A x in all linear layers of the blocks, W and b frozen; B starts at 0, so the network as it was.

    Args:
        rank: r of A [r, c] and B [d, r]; of query, key and value each.
        alpha: factor of the product, divided by the rank; None takes the rank, so that the factor is 1.
        first_block: the blocks before it, counted from 0, are left alone.
    """

    def __init__(self, *, rank: Positive[int] = 16, alpha: Positive[float] | None = None, first_block: NonNegative[int] = 0) -> None:
        self.rank, self.first_block = rank, first_block
        self.scale = 1.0 if alpha is None else alpha / rank

    def apply(self, network: nn.Module) -> None:
        """See :func:`add_low_rank`."""
        add_low_rank(network, first_block=self.first_block, rank=self.rank, name="LoRA", scale=self.scale)

    def start(self, network: nn.Module) -> None:
        """A as torch draws a linear layer (Kaiming, uniform), B zero."""
        for layer in low_rank_layers(network):
            for block in layer.down:
                nn.init.kaiming_uniform_(block, a=math.sqrt(5))
            nn.init.zeros_(layer.up)

    def merge(self, network: nn.Module) -> None:
        """Adds the products to the weights."""
        merge_low_rank(network)
