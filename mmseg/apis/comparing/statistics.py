"""The difference of two rows over pairs of runs with the same seed, and how sure it is.

Two things are drawn by chance: the seeds of the trainings, and the images that were evaluated. Images are drawn again with replacement, the
same ones for all runs (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, chapters 6 and 13). Seeds cannot be: three values
have ten different samples of three, and an interval from them holds the truth three times in four instead of 95 times in 100. Their part
is Student's t with n - 1 degrees of freedom, so that the interval is the classical one of paired differences where images do not matter,
and the bootstrap's where seeds do not.

Letters: S pairs, R rounds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmseg.evaluation.image_counts import ImageCounts

LEVEL = 0.95
"""Of the intervals; 1 - LEVEL is how often a difference is seen where there is none."""
POWER = 0.8
SMALLEST = 0.5
"""The difference in percentage points that a number of seeds is asked for."""
ROUNDS, CHUNK = 10_000, 1_000
Pair = tuple[ImageCounts, ImageCounts]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """B - A in percentage points.

    Attributes:
        first, second: the number of A and of B by seed, percent; the same seeds.
        difference: mean over the seeds.
        deviation: of the differences, n - 1; None for one seed.
        interval: of 95 %; None where there is nothing to know it from, that is one seed without counts of images.
        images: number of images that the interval is over; None if it is over the seeds alone.
        needed: seeds of each row to see :data:`SMALLEST`, see :func:`seeds_needed`; None for one seed.
    """

    first: Mapping[int, float]
    second: Mapping[int, float]
    difference: float
    deviation: float | None
    interval: tuple[float, float] | None
    images: int | None
    needed: int | None

    @property
    def evidence(self) -> bool:
        """Whether rows differ: of several seeds, the interval excludes 0. One seed says nothing about rows."""
        return self.deviation is not None and not self.interval[0] <= 0 <= self.interval[1]


def compare(first: Mapping[int, float], second: Mapping[int, float], counts: Sequence[Pair] | None = None) -> Comparison:
    """Compares two rows.

    Args:
        first, second: the number of A and of B by seed, percent; the same seeds, at least one.
        counts: of the images, for each seed in the order of ``first``; None for seeds alone, as of numbers that are no mIoU.
    """
    values = [second[seed] - first[seed] for seed in first]
    deviation = statistics.stdev(values) if len(values) > 1 else None
    interval = over_seeds(values) if deviation is not None else None
    if counts:
        interval = over_images_and_seeds(resampled(counts))
    return Comparison(
        first=dict(first),
        second={seed: second[seed] for seed in first},
        difference=statistics.fmean(values),
        deviation=deviation,
        interval=interval,
        images=len(counts[0][0]) if counts else None,
        needed=None if deviation is None else seeds_needed(deviation),
    )


def draws(name: str) -> np.random.Generator:
    """What is drawn for a comparison, the same for every one."""
    from mmseg.utils.randomness import Streams  # needs torch, which a list of studies is not to wait for

    return Streams(0, 0).numpy(f"compare/{name}")


def resampled(pairs: Sequence[Pair], rounds: int = ROUNDS) -> np.ndarray:
    """Differences B - A of each pair over images that are drawn with replacement, the same for all pairs: float64 [R, S]."""
    images = len(pairs[0][0])
    generator = draws("images")
    parts = []
    for start in range(0, rounds, CHUNK):
        weights = generator.multinomial(images, np.full(images, 1 / images), size=min(CHUNK, rounds - start)).astype(np.float64)
        parts.append(np.stack([second.mean_iou(weights) - first.mean_iou(weights) for first, second in pairs], axis=1))
    return np.concatenate(parts)


def over_images_and_seeds(differences: np.ndarray) -> tuple[float, float]:
    """The interval of the mean difference, from differences [R, S] over drawn images; of one pair, over the images alone."""
    rounds, pairs = differences.shape
    means = differences.mean(axis=1)
    if pairs > 1:  # every quantile of t once, in an order that has nothing to do with the images
        from scipy.stats import t

        places = (draws("seeds").permutation(rounds) + 0.5) / rounds
        means = means + t.ppf(places, pairs - 1) * differences.std(axis=1, ddof=1) / math.sqrt(pairs)
    low, high = np.nanquantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def over_seeds(values: Sequence[float]) -> tuple[float, float]:
    """The interval of the mean of at least two values, by Student's t."""
    from scipy.stats import t

    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    mean = statistics.fmean(values)
    return mean - half, mean + half


def seeds_needed(deviation: float, smallest: float = SMALLEST) -> int:
    """The fewest seeds n of each row that show a true difference of ``smallest`` in :data:`POWER` of all comparisons.

    n ≥ ((t(0.975, n - 1) + t(0.8, n - 1)) · deviation / smallest)², the usual formula of a paired t-test (Cohen, *Statistical Power
    Analysis*, 1988, chapter 2; with t in the place of the normal distribution, which makes 5 of 3).

    Args:
        deviation: of the differences of pairs, percentage points.
        smallest: the difference, percentage points.
    """
    from scipy.stats import norm, t

    ratio = (deviation / smallest) ** 2
    count = max(2, math.ceil((norm.ppf((1 + LEVEL) / 2) + norm.ppf(POWER)) ** 2 * ratio))
    while (t.ppf((1 + LEVEL) / 2, count - 1) + t.ppf(POWER, count - 1)) ** 2 * ratio > count:
        count += 1
    return count
