"""From scores to a choice, and how well scores follow the true mIoU.

Letters: N checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.stats import rankdata

SCORES: Mapping[str, int] = MappingProxyType({"entropy": -1, "agreement": 1, "flip": 1, "scale": 1, "masked": 1, "change": -1})
"""All scores in percent: 1 where more is better, -1 where less is."""
RANKED = tuple(name for name in SCORES if name != "change")
"""Those that choose: the first checkpoint has no change, and a falling learning rate makes it small whatever is learned."""
RULE = f"smallest mean rank over {', '.join(RANKED)}; of equal ones the later"
LEAST = 3
"""Checkpoints of a correlation: two lie on a line."""


def mean_ranks(scores: Sequence[Mapping[str, float | None]]) -> list[float]:
    """The mean rank of each of N checkpoints, from 1 for one that is best in everything to N; equal scores share their ranks.

    A score that a checkpoint lacks, as the agreement with a teacher that there is not, takes no part.
    """
    known = [name for name in RANKED if all(entry[name] is not None for entry in scores)]
    ranks = [rankdata([-SCORES[name] * entry[name] for entry in scores]) for name in known]
    return np.mean(ranks, axis=0).tolist()


def chosen(ranks: Sequence[float]) -> int:
    """Index of the smallest rank, of equal ones the last."""
    return max(range(len(ranks)), key=lambda index: (-ranks[index], index))


def correlations(scores: Sequence[float | None], truth: Sequence[float | None]) -> dict[str, float | None]:
    """Of a score with the true mIoU, where both are known: Pearson's ('linear') and Spearman's ('rank'), in [-1, 1].

    None for less than three checkpoints, and where one of both never changes.
    """
    pairs = np.array([pair for pair in zip(scores, truth, strict=True) if None not in pair])
    if len(pairs) < LEAST or (np.ptp(pairs, axis=0) == 0).any():
        return {"linear": None, "rank": None}
    first, second = pairs.T
    ranked = np.corrcoef(rankdata(first), rankdata(second))[0, 1]
    return {"linear": float(np.corrcoef(first, second)[0, 1]), "rank": float(ranked)}
