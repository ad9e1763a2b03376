"""Greedy picks from a score map, with a square around every pick that is not picked from again (RIPU, Xie et al., CVPR 2022).

Letters: (H, W) pixels of the image, n picks.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmseg.utils.errors import NotFiniteError


def select(score: Tensor, active: Tensor, count: int, *, exclusion: int) -> Tensor:
    """Takes the pixel with the highest score, excludes the square around it, and so on.

    Of equal scores, that in the smallest column comes first, then that in the smallest row, as published. The picks are those of
    a loop that looks for the maximum of the whole map for each of them. A pixel keeps its place among the others whatever is
    picked, so that sorting the scores once does: a pixel is picked if no earlier pick excludes it.

    Args:
        score: float32 [H, W]. Pixels of -inf are never picked.
        active: bool [H, W], what earlier rounds exclude; it is not changed: add ``squares(picks, exclusion, size)`` to it.
        count: picks that are wanted.
        exclusion: radius of the square around a pick in pixels.

    Returns:
        int64 [n, 2], row and column of every pick in their order, on the CPU. n is below ``count`` where nothing is left; the published
        code goes on with pixel (0, 0) there.

    Raises:
        NotFiniteError: a score is not a number.
    """
    scores = np.where(active.cpu().numpy(), np.float32("-inf"), score.cpu().numpy())
    if np.isnan(scores).any():
        raise NotFiniteError
    excluded, picks = np.zeros(scores.shape, bool), []
    rows, columns = _candidates(scores, count, exclusion)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):  # lists of pairs would keep the garbage collector busy
        if len(picks) == count:
            break
        if not excluded[row, column]:
            picks.append((row, column))
            _mark(excluded, row, column, exclusion)
    return torch.tensor(picks, dtype=torch.int64).view(-1, 2)


def squares(picks: Tensor, radius: int, size: tuple[int, int]) -> Tensor:
    """Squares around picks, clipped at the border.

    Args:
        picks: int64 [n, 2], rows and columns.
        radius: of a square in pixels: 0 marks the picks alone.
        size: (H, W).

    Returns:
        bool [H, W] on the CPU.
    """
    marked = np.zeros(tuple(size), bool)
    for row, column in picks.tolist():
        _mark(marked, row, column, radius)
    return torch.from_numpy(marked)


def _mark(marked: np.ndarray, row: int, column: int, radius: int) -> None:
    marked[max(row - radius, 0) : row + radius + 1, max(column - radius, 0) : column + radius + 1] = True


def _candidates(scores: np.ndarray, count: int, exclusion: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the highest scores in their order; the first ``count`` picks are among them.

    A pick excludes no more pixels than its square has. Among so many pixels as the squares of all picks but the last have together there
    are therefore as many picks, and the next pixel is the last one.
    """
    possible = min(max(count - 1, 0) * (2 * exclusion + 1) ** 2 + 1, scores.size)
    least = np.partition(scores, scores.size - possible, axis=None)[scores.size - possible]
    rows, columns = np.nonzero((scores >= least) & (scores > -np.inf))
    order = np.lexsort((rows, columns, -scores[rows, columns]))[:possible]
    return rows[order], columns[order]
