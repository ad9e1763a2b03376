"""SoMA: the smallest singular values of every linear layer are trained, the others stay.

Source: Yun et al., "SoMA: Singular Value Decomposed Minor Components Adaptation for Domain Generalizable Representation Learning",
CVPR 2025, section 3: directions of large singular values hold what an encoder knows of the world, and should not move.

Letters: c inputs, d outputs of a layer, r rank.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg.models.backbones.tuning.base import TUNINGS, Tuning
from mmseg.models.backbones.tuning.low_rank import add_low_rank, low_rank_layers, merge_low_rank
from mmseg.utils.options.ranges import NonNegative, Positive


def minor_components(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The part of a weight [d, c] of its ``rank`` smallest singular values, as A [r, c] and B [d, r] with equal shares of them."""
    left, values, right = torch.linalg.svd(weight.float(), full_matrices=False)
    roots = values[-rank:].sqrt()
    return roots[:, None] * right[-rank:], left[:, -rank:] * roots


@TUNINGS.register_module()
class SoMA(Tuning):
    """Trains the minor components B A of the weights of all linear layers, and their biases; starts as the network was.

    Args:
        rank: r, number of components; of query, key and value each.
        first_block: the blocks before it, counted from 0, are left alone; 8 of 24 in the paper.
    """

    def __init__(self, *, rank: Positive[int] = 16, first_block: NonNegative[int] = 8) -> None:
        self.rank, self.first_block = rank, first_block

    def apply(self, network: nn.Module) -> None:
        """See :func:`add_low_rank`; biases stay trainable."""
        add_low_rank(network, first_block=self.first_block, rank=self.rank, name="SoMA", from_start=True)
        for layer in low_rank_layers(network):
            if layer.bias is not None:
                layer.bias.requires_grad_(True)

    @torch.no_grad()
    def start(self, network: nn.Module) -> None:
        """Decomposes every weight."""
        for layer in low_rank_layers(network):
            rows = layer.weight.chunk(len(layer.down))
            for block, weight in enumerate(rows):
                down, up = minor_components(weight, self.rank)
                layer.down[block].copy_(down)
                layer.up[block].copy_(up)
            layer.start_down.copy_(layer.down)
            layer.start_up.copy_(layer.up)

    def merge(self, network: nn.Module) -> None:
        """Adds what the components have moved by to the weights."""
        merge_low_rank(network)
