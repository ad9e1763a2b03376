"""Linear layers with a product of two narrow matrices beside their weight.

Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, section 4.1.

Letters: c inputs, d outputs of a layer, k blocks of rows (query, key and value in one layer are three), r rank.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.utils.errors import UserError

JOINT = {"qkv": 3, "kv": 2}
"""Layers of timm that hold several in one, by the end of their name: blocks of rows."""


def narrow_product(x: Tensor, down: Tensor, up: Tensor) -> Tensor:
    """[..., c] -> [..., d]: for each block of rows its own two matrices.

    Args:
        down: [k, r, c].
        up: [k, d / k, r].
    """
    hidden = F.linear(x, down.flatten(0, 1).to(x.dtype))
    blocks = hidden.chunk(len(down), dim=-1)
    return torch.cat([F.linear(block, rows.to(x.dtype)) for block, rows in zip(blocks, up, strict=True)], dim=-1)


def product(down: Tensor, up: Tensor) -> Tensor:
    """The weight [d, c] that two narrow matrices stand for."""
    return torch.bmm(up, down).flatten(0, 1)


class LowRankLinear(nn.Linear):
    """A frozen linear layer and a trained product of narrow matrices: W x + b + s (B A - B0 A0) x.

    ``weight`` and ``bias`` keep their names. B0 and A0 are where the product started, None where it started at 0: the layer starts as it
    was, bit for bit, and its weight is never touched.

    Args:
        layer: whose weights it takes.
        blocks: k.
        rank: r.
        scale: s.
        from_start: whether there are B0 and A0.
    """

    def __init__(self, layer: nn.Linear, *, blocks: int, rank: int, scale: float = 1.0, from_start: bool = False) -> None:
        super().__init__(layer.in_features, layer.out_features, layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.scale = scale
        rows = layer.out_features // blocks
        down, up = layer.weight.new_zeros(blocks, rank, layer.in_features), layer.weight.new_zeros(blocks, rows, rank)
        self.down, self.up = nn.Parameter(down), nn.Parameter(up)
        self.register_buffer("start_down", down.clone() if from_start else None)
        self.register_buffer("start_up", up.clone() if from_start else None)

    def forward(self, x: Tensor) -> Tensor:
        """[..., c] -> [..., d]."""
        change = narrow_product(x, self.down, self.up)
        if self.start_down is not None:
            change = change - narrow_product(x, self.start_down, self.start_up)
        return F.linear(x, self.weight, self.bias) + self.scale * change

    def change(self) -> Tensor:
        """What the weight would have to become more, [d, c]."""
        learned = product(self.down, self.up)
        return self.scale * (learned if self.start_down is None else learned - product(self.start_down, self.start_up))

    def merged(self) -> nn.Linear:
        """A plain layer that does the same, to rounding."""
        layer = nn.Linear(self.in_features, self.out_features, self.bias is not None, device="meta")
        layer.weight = nn.Parameter((self.weight + self.change()).detach(), requires_grad=False)
        layer.bias = self.bias
        return layer


def linear_layers(network: nn.Module, first_block: int, name: str) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    """The linear layers of the blocks of a plain transformer from one block on: (module that holds it, its name there, layer).

    Args:
        name: of the tuning, for errors.

    Raises:
        UserError: the network has no blocks, or not as many.
    """
    blocks = getattr(network, "blocks", None)
    if blocks is None:
        text = "the encoder has no transformer blocks to adapt"
        raise UserError(f"tuning={name}: {text}. Use a plain transformer such as vit_base_patch14_dinov2, or tuning=dict(type='full').")
    if first_block >= len(blocks):
        raise UserError(f"tuning={name}: first_block={first_block}, but the encoder has {len(blocks)} blocks. Use a smaller one.")
    for block in blocks[first_block:]:
        for holder in list(block.modules()):
            for key, layer in list(holder.named_children()):
                if isinstance(layer, nn.Linear):
                    yield holder, key, layer


def add_low_rank(network: nn.Module, *, first_block: int, rank: int, name: str, **options) -> None:
    """Freezes a network and puts a :class:`LowRankLinear` in the place of every linear layer from one block on.

    Raises:
        UserError: a rank that a layer does not have.
    """
    network.requires_grad_(False)
    for holder, key, layer in linear_layers(network, first_block, name):
        blocks = JOINT.get(key, 1)
        least = min(layer.in_features, layer.out_features // blocks)
        if rank > least:
            text = f"rank={rank} is more than '{key}' has, a layer of {layer.in_features} inputs and {layer.out_features // blocks} outputs"
            raise UserError(f"tuning={name}: {text}. Use {least} or less.")
        setattr(holder, key, LowRankLinear(layer, blocks=blocks, rank=rank, **options))
        if hasattr(holder, "qkv_bias_separate"):  # timm would read the weight without asking the layer
            holder.qkv_bias_separate = True


def low_rank_layers(network: nn.Module) -> Iterator[LowRankLinear]:
    """The layers that :func:`add_low_rank` made."""
    return (module for module in network.modules() if isinstance(module, LowRankLinear))


def merge_low_rank(network: nn.Module) -> None:
    """Puts plain layers, which do the same, in their places."""
    for holder in list(network.modules()):
        for key, layer in list(holder.named_children()):
            if isinstance(layer, LowRankLinear):
                setattr(holder, key, layer.merged())
