"""Rein: learned tokens that refine the features behind every block of a frozen transformer.

Source: Wei et al., "Stronger, Fewer, & Superior: Harnessing Vision Foundation Models for Domain Generalized Semantic Segmentation",
CVPR 2024, section 3. Written from the paper; the link from the tokens to the queries of Mask2Former is left out, for our decoders
predict per pixel and have no queries.

Letters: B images, n patch tokens, c channels, m learned tokens of a block, r their rank, L blocks.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor, nn

from mmseg.models.backbones.tuning.base import TUNINGS, Tuning
from mmseg.models.backbones.tuning.low_rank import linear_layers
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive

SCALE = 0.001
"""Of the refinement at the start."""
PATCH = 16
"""Side p of a patch in the bound of the starting values, as published for every encoder."""


def refinement(features: Tensor, tokens: Tensor, to_values: nn.Linear, to_features: nn.Linear) -> Tensor:
    """What is added to the features of a block, before its scale.

    Each patch weighs the tokens by a softmax of their similarity. The first token takes weight and gives nothing, so that a patch may be
    left as it is.

    Args:
        features: [B, n, c].
        tokens: [m, c].
        to_values: of the tokens, c -> c.
        to_features: of the sum of both, c -> c.
    """
    weights = (features @ tokens.T / math.sqrt(features.shape[-1])).softmax(dim=-1)
    return to_features(features + weights[..., 1:] @ to_values(tokens[1:]))


class ReinTokens(nn.Module):
    """The tokens of all blocks, the layers that they share, and the scale of each block.

    Args:
        blocks: L.
        channels: c.
        tokens, rank: m and r.
    """

    def __init__(self, *, blocks: int, channels: int, tokens: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.zeros(blocks, tokens, rank))
        self.up = nn.Parameter(torch.zeros(blocks, rank, channels))
        self.scale = nn.Parameter(torch.full((blocks,), SCALE))
        self.to_values, self.to_features = nn.Linear(channels, channels), nn.Linear(channels, channels)

    def reset_parameters(self) -> None:
        """Uniform tokens (equation of the published initialisation), He's layers."""
        rank, channels = self.up.shape[1:]
        bound = math.sqrt(6 / (3 * PATCH**2 + math.sqrt(channels * rank)))
        nn.init.uniform_(self.down, -bound, bound)
        nn.init.uniform_(self.up, -bound, bound)
        nn.init.constant_(self.scale, SCALE)
        for layer in (self.to_values, self.to_features):
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5))
            nn.init.zeros_(layer.bias)

    def refined(self, features: Tensor, block: int) -> Tensor:
        """Features [B, n, c] of a block, counted from the first one that has tokens, with its refinement."""
        tokens = self.down[block] @ self.up[block]
        return features + self.scale[block] * refinement(features, tokens, self.to_values, self.to_features)


@TUNINGS.register_module()
class Rein(Tuning):
    """f <- f + s W_f (f + d) behind every block, d what the learned tokens of the block say; the encoder is frozen.

    Args:
        tokens: m.
        rank: r, of the matrices that the tokens of a block are the product of.
        first_block: the blocks before it, counted from 0, have no tokens.
    """

    mergeable = False

    def __init__(self, *, tokens: Positive[int] = 100, rank: Positive[int] = 16, first_block: NonNegative[int] = 0) -> None:
        self.tokens, self.rank, self.first_block = tokens, rank, first_block

    def apply(self, network: nn.Module) -> ReinTokens:
        """Freezes the network, and lets every block pass its output on through the tokens."""
        _, _, layer = next(linear_layers(network, self.first_block, "Rein"))
        blocks = network.blocks[self.first_block :]
        self.parts = ReinTokens(blocks=len(blocks), channels=layer.in_features, tokens=self.tokens, rank=self.rank)
        network.requires_grad_(False)
        prefix = getattr(network, "num_prefix_tokens", 0)
        for number, block in enumerate(blocks):
            block.register_forward_hook(functools.partial(self._refine, number, prefix))
        return self.parts

    def _refine(self, number: int, prefix: int, _: nn.Module, __: tuple, output: Tensor) -> Tensor:
        """Class and register tokens, which come first, pass by."""
        grid = output.shape[1:-1]  # (n,), or (h, w) of networks that keep the map
        patches = output.flatten(1, -2)[:, prefix:]
        refined = torch.cat([output.flatten(1, -2)[:, :prefix], self.parts.refined(patches, number)], dim=1)
        return refined.unflatten(1, grid)

    def start(self, network: nn.Module) -> None:
        """See :meth:`ReinTokens.reset_parameters`."""
        self.parts.reset_parameters()

    def merge(self, network: nn.Module) -> None:
        """Refuses: the refinement depends on the image.

        Raises:
            UserError: always.
        """
        raise UserError("tuning=Rein depends on the features of each image and cannot be merged into weights. Keep the tuning.")
