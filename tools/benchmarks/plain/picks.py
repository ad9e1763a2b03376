"""The straightforward way to score an image and to pick from it: whole maps, convolutions of ones, the maximum of the map for every pick.

Letters: K classes, (H, W) pixels of the image.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.models.uda.acquisition.scores import EPSILON, PUBLISHED_NORMALISER


def plain_score(logits: Tensor, radius: int, *, regions: bool) -> Tensor:
    """The score of :class:`RegionImpurity` or :class:`PixelImpurity`: [K, H, W] -> [H, W]."""
    probabilities = logits.softmax(0)
    entropy = -(probabilities * (probabilities + EPSILON).log()).sum(0)
    one_hot = F.one_hot(probabilities.argmax(0), len(logits)).permute(2, 0, 1).float()
    counts = sums_of_windows(one_hot, radius)
    shares = counts / counts.sum(0)
    impurity = -(shares * (shares + EPSILON).log()).sum(0)
    if not regions:
        return entropy * impurity
    uncertainty = F.conv2d((entropy / PUBLISHED_NORMALISER)[None, None], torch.ones(1, 1, *[2 * radius + 1] * 2), padding=radius)[0, 0]
    return impurity / PUBLISHED_NORMALISER * (uncertainty / counts.sum(0))


def sums_of_windows(maps: Tensor, radius: int) -> Tensor:
    """Sums over rows and then over columns, each a convolution of ones: [K, H, W] -> [K, H, W]; see :func:`square_sums`."""
    ones = torch.ones(len(maps), 1, 1, 2 * radius + 1)
    along = F.conv2d(maps[None], ones, padding=(0, radius), groups=len(maps))
    return F.conv2d(along, ones.transpose(2, 3), padding=(radius, 0), groups=len(maps))[0]


def square_sums(maps: Tensor, radius: int) -> Tensor:
    """The same as one convolution with a square, as published, of all rows but the first and last ``radius``: [K, H, W] -> [K, ., W].

    With 65x65 pixels a whole image takes minutes on a CPU.
    """
    return F.conv2d(maps[None], torch.ones(len(maps), 1, *[2 * radius + 1] * 2), padding=(0, radius), groups=len(maps))[0]


def plain_select(score: Tensor, count: int, exclusion: int) -> Tensor:
    """The picks of :func:`mmseg.models.uda.acquisition.selection.select`: [n, 2]. The score is changed."""
    picks = []
    for _ in range(count):
        highest, rows = score.max(dim=0)
        column = highest.argmax().item()
        row = rows[column].item()
        if highest[column] == float("-inf"):
            break
        picks.append((row, column))
        score[max(row - exclusion, 0) : row + exclusion + 1, max(column - exclusion, 0) : column + exclusion + 1] = float("-inf")
    return torch.tensor(picks).view(-1, 2)
