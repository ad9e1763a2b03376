"""What tokens of a transformer and maps of convolutions tell each other.

Source: Chen et al., "Vision Transformer Adapter for Dense Predictions", ICLR 2023, section 3.4 (injector and extractor); heads, points and
ratios as in VFM-UDA++ (Englert et al., arXiv 2503.10685).

Letters: B images, C channels, N tokens of a grid (h, w), n cells of the maps at strides 8, 16 and 32, one map behind the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.models.backbones.vit_adapter.deformable_attention import DeformableAttention, Size, centres

HEAD_CHANNELS = 64
VALUE_RATIO = 0.5
HIDDEN_RATIO = 0.25
"""Width of the layers between two attentions over C."""
EPSILON = 1e-6
"""Of LayerNorm."""
MAPS = 3
"""Those of the coarser strides take part; the finest is too large."""


def _attention(channels: int, levels: int) -> DeformableAttention:
    heads = max(1, channels // HEAD_CHANNELS)
    return DeformableAttention(channels=channels, heads=heads, levels=levels, value_ratio=VALUE_RATIO)


class Injector(nn.Module):
    """Tokens read the maps: x + gamma * attention; gamma starts at 0, so the transformer as it was.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm_tokens, self.norm_maps = nn.LayerNorm(channels, EPSILON), nn.LayerNorm(channels, EPSILON)
        self.attention = _attention(channels, MAPS)
        self.gamma = nn.Parameter(torch.zeros(channels))

    def forward(self, tokens: Tensor, maps: Tensor, grid: Size, sizes: Sequence[Size]) -> Tensor:
        """[B, N, C] -> [B, N, C].

        Args:
            tokens: [B, N, C].
            maps: [B, n, C].
            grid: (h, w) of the tokens.
            sizes: of the maps.
        """
        read = self.attention(self.norm_tokens(tokens), centres([grid], tokens), self.norm_maps(maps), sizes)
        return tokens + (self.gamma * read).to(tokens.dtype)


class Extractor(nn.Module):
    """The maps read the tokens, then every map is mixed with itself.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm_maps, self.norm_tokens = nn.LayerNorm(channels, EPSILON), nn.LayerNorm(channels, EPSILON)
        self.attention = _attention(channels, 1)
        self.norm_mixed, self.mixed = nn.LayerNorm(channels, EPSILON), ConvolutionalMLP(channels)

    def forward(self, tokens: Tensor, maps: Tensor, grid: Size, sizes: Sequence[Size]) -> Tensor:
        """[B, n, C] -> [B, n, C]; arguments as of :class:`Injector`."""
        maps = maps + self.attention(self.norm_maps(maps), centres(sizes, maps), self.norm_tokens(tokens), [grid])
        return maps + self.mixed(self.norm_mixed(maps), sizes)


class ConvolutionalMLP(nn.Module):
    """Two linear layers with a depthwise 3x3 convolution over each map between them.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = int(channels * HIDDEN_RATIO)
        self.down, self.up = nn.Linear(channels, hidden), nn.Linear(hidden, channels)
        self.neighbours = nn.Conv2d(hidden, hidden, kernel_size=3, padding=1, groups=hidden)

    def forward(self, maps: Tensor, sizes: Sequence[Size]) -> Tensor:
        """[B, n, C] of maps of these sizes -> [B, n, C]."""
        hidden = unflattened(self.down(maps), sizes)
        return self.up(F.gelu(flattened([self.neighbours(one) for one in hidden])))


def flattened(maps: Sequence[Tensor]) -> Tensor:
    """Several [B, C, h, w] -> [B, n, C]."""
    return torch.cat([one.flatten(2).transpose(1, 2) for one in maps], dim=1)


def unflattened(cells: Tensor, sizes: Sequence[Size]) -> list[Tensor]:
    """The inverse of :func:`flattened`."""
    parts = cells.split([height * width for height, width in sizes], dim=1)
    return [part.transpose(1, 2).unflatten(2, size) for part, size in zip(parts, sizes, strict=True)]
