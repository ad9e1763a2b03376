"""One prototype per class: a classifier by direction (CPSL, sections 3.2 and 3.3; ProDA, Zhang et al., CVPR 2021).

Letters: B images, C channels, K classes, (h, w) map of features.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.utils.computing.float32 import at_least_float32, products_in_float32

MOST = 3000
"""Vectors that a running mean counts: after them it is a moving average that keeps 3000/3001 (published)."""
FIRST = 100
"""Vectors of a class whose mean is taken before a moving average begins (published)."""


def cosine_scores(features: Tensor, prototypes: Tensor) -> Tensor:
    """Cosine of every feature [..., C] with every prototype [K, C]: [..., K] in [-1, 1]."""
    with products_in_float32(features):  # a temperature or an epsilon makes small differences large
        return F.normalize(at_least_float32(features), dim=-1) @ F.normalize(prototypes, dim=-1).t()


def prototype_logits(features: Tensor, prototypes: Tensor, temperature: float) -> Tensor:
    """Cosine over temperature: [B, C, h, w] and [K, C] -> [B, K, h, w]; their softmax is the probability P_SL of the prototypes."""
    return cosine_scores(features.permute(0, 2, 3, 1), prototypes).permute(0, 3, 1, 2) / temperature


def running_mean(
    mean: Tensor, count: Tensor, vector: Tensor, *, momentum: float | None = None, first: int = FIRST
) -> tuple[Tensor, Tensor]:
    """Adds a vector to a mean, as the published code forms its first prototypes.

    Args:
        mean: [..., C].
        count: [...], vectors that it is of, at most :data:`MOST`.
        vector: [..., C]; one whose values sum to exactly 0 is left out.
        momentum: weight of a vector in a moving average; None for a running mean.
        first: a moving average begins as the mean of so many vectors.

    Returns:
        the new mean and the new count.
    """
    weight = 1 / (count + 1)
    if momentum is not None:
        weight = torch.where(count < first, weight, momentum)
    given = vector.sum(dim=-1) != 0
    moved = mean + (vector - mean) * weight.unsqueeze(-1)
    return torch.where(given.unsqueeze(-1), moved, mean), torch.where(given, (count + 1).clamp(max=MOST), count)


class PrototypeBank(nn.Module):
    """Trained prototypes W and their moving average W', which labels.

    Args:
        num_classes: K.
        channels: C.

    Attributes:
        vectors: W, a parameter [K, C].
        average: W', a buffer [K, C].
    """

    def __init__(self, *, num_classes: int, channels: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.zeros(num_classes, channels))
        self.register_buffer("average", torch.zeros(num_classes, channels))

    @torch.no_grad()
    def start(self, vectors: Tensor) -> None:
        """Sets both to the directions of vectors [K, C]."""
        self.vectors.copy_(F.normalize(vectors, dim=1))
        self.average.copy_(self.vectors)

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """W' = decay * W' + (1 - decay) * W; a decay of 0 copies."""
        self.average.lerp_(self.vectors, 1 - decay)
