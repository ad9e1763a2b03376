"""Deformable attention over several maps: every query reads a few places around its own, and learns where and how much.

Source: Zhu et al., "Deformable DETR: Deformable Transformers for End-to-End Object Detection", ICLR 2021, section 4.1 and equation 3.
Places between cells are read by ``grid_sample``, so that nothing has to be compiled.

Letters: B images, C channels, M heads, c channels of a head, N queries, L maps (h, w), P places in a map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Size = tuple[int, int]


def centres(sizes: Sequence[Size], like: Tensor) -> Tensor:
    """The middle of every cell of several maps (h, w), row by row: float32 [sum of h * w, 2], (x, y) in (0, 1).

    Args:
        like: a tensor on the device of the result.
    """
    options = {"device": like.device, "dtype": torch.float32}
    maps = []
    for height, width in sizes:
        y, x = ((torch.arange(side, **options) + 0.5) / side for side in (height, width))
        maps.append(torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1).flatten(0, 1))
    return torch.cat(maps)


def sampled_sum(values: Sequence[Tensor], places: Tensor, weights: Tensor) -> Tensor:
    """The weighted sum of what lies at some places of several maps; beyond their borders there is 0.

    Args:
        values: of each map, [B, M, c, h, w].
        places: [B, M, N, L, P, 2], (x, y) from 0 to 1 across the whole map; a cell's value lies at its middle.
        weights: [B, M, N, L, P].

    Returns:
        [B, N, M * c], float32 or what is larger.
    """
    total = 0.0
    for level, value in enumerate(values):
        grid = (2 * places[:, :, :, level] - 1).flatten(0, 1)
        read = F.grid_sample(value.flatten(0, 1).to(grid.dtype), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        total = total + (read * weights[:, :, :, level].flatten(0, 1)[:, None]).sum(dim=-1)  # [B * M, c, N]
    return total.unflatten(0, weights.shape[:2]).flatten(1, 2).transpose(1, 2)


def first_offsets(heads: int, levels: int, points: int) -> Tensor:
    """Where the places lie at the start, in cells: [heads, levels, points, 2]; each head looks in a direction, each point a cell further.

    Directions are spread over the circle, and scaled so that the larger of both coordinates is 1 (Deformable DETR, appendix A.4).
    """
    angles = torch.arange(heads, dtype=torch.float32) * (2 * math.pi / heads)
    directions = torch.stack([angles.cos(), angles.sin()], dim=-1)
    directions = directions / directions.abs().amax(dim=-1, keepdim=True)
    steps = torch.arange(1, points + 1, dtype=torch.float32)
    return (directions[:, None, None] * steps[:, None]).expand(heads, levels, points, 2)


class DeformableAttention(nn.Module):
    """Queries [B, N, C] read features [B, n, C] of L maps, at places that they choose themselves.

    Args:
        channels: C.
        heads, levels, points: M, L and P.
        value_ratio: channels of what is read over C; rounded down to whole heads.
    """

    def __init__(self, *, channels: int, heads: int, levels: int, points: int = 4, value_ratio: float = 1.0) -> None:
        super().__init__()
        self.heads, self.levels, self.points = heads, levels, points
        read = int(channels * value_ratio) // heads * heads
        self.to_offsets = nn.Linear(channels, heads * levels * points * 2)
        self.to_weights = nn.Linear(channels, heads * levels * points)
        self.to_values = nn.Linear(channels, read)
        self.to_output = nn.Linear(read, channels)

    def forward(self, queries: Tensor, own_places: Tensor, features: Tensor, sizes: Sequence[Size]) -> Tensor:
        """What the queries read, [B, N, C].

        Args:
            queries: [B, N, C].
            own_places: [N, 2], see :func:`centres`; the same place in every map.
            features: [B, n, C], the maps one behind the other, each row by row.
            sizes: (h, w) of the maps; their areas add up to n.
        """
        offsets = self.to_offsets(queries).unflatten(-1, (self.heads, self.levels, self.points, 2)).transpose(1, 2)
        weights = self.to_weights(queries).unflatten(-1, (self.heads, self.levels * self.points)).softmax(dim=-1).transpose(1, 2)
        cells = torch.tensor([(width, height) for height, width in sizes], dtype=torch.float32).to(queries.device, non_blocking=True)
        # In float32: at half precision a place in a wide map would be wrong by a part of a cell.
        places = own_places[:, None, None] + offsets.float() / cells[:, None]
        values = self.to_values(features).split([height * width for height, width in sizes], dim=1)
        maps = [value.transpose(1, 2).unflatten(1, (self.heads, -1)).unflatten(3, size) for value, size in zip(values, sizes, strict=True)]
        read = sampled_sum(maps, places, weights.unflatten(-1, (self.levels, self.points)))
        return self.to_output(read.to(queries.dtype))

    def init_weights(self) -> None:
        """Equal weights at :func:`first_offsets` for all queries; Glorot's uniform values elsewhere."""
        for layer in (self.to_offsets, self.to_weights):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.to_weights.bias)
        with torch.no_grad():
            self.to_offsets.bias.copy_(first_offsets(self.heads, self.levels, self.points).flatten())
        for layer in (self.to_values, self.to_output):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
