"""The band of a curve, from that of each of several seeds.

At every point the band is a prediction interval for one more training, mean ± t · s · sqrt(1 + 1 / n) with n - 1 degrees of freedom (Hahn
and Meeker, *Statistical Intervals*, 1991, section 4.7): minimum and maximum of three seeds are left by every other training by chance.
Three seeds know s badly, and among many curves some s are much too small by chance. So s is pooled over neighbouring points, and is at
least the root mean square of all curves of its kind: no curve is taken to be steadier than its like.

Letters: N seeds, T points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

WINDOW = 5
"""Points that a logged value is averaged over, in the band and in what is compared with it: itself and the ones before."""
NEIGHBOURS = 2
"""Points on either side whose variances are pooled."""
LEVEL = 0.97
"""Of the prediction intervals."""
EVALUATED = ("mIoU", "IoU.")
"""Beginnings of the names of what is evaluated, a few times in a training; all else is logged often, and averaged."""
DIGITS = 4


def is_evaluated(name: str) -> bool:
    """Whether a quantity comes from an evaluation, and is taken as it is."""
    return name == EVALUATED[0] or name.startswith(EVALUATED[1])


def is_watched(name: str) -> bool:
    """Whether bands have this quantity: loss terms, the share of confident pseudo-labels, the IoU of every class and their mean."""
    return is_evaluated(name) or "loss" in name or name.endswith("confident_share")


def smoothed(values: Sequence[float]) -> np.ndarray:
    """The mean of each value and those before it, :data:`WINDOW` at most: float64 [T]."""
    values = np.asarray(values, np.float64)
    return np.array([values[max(0, place + 1 - WINDOW) : place + 1].mean() for place in range(len(values))])


def kind(name: str) -> str:
    """What a curve is like: losses are compared by their relative deviation, all else by the deviation itself."""
    return "loss" if "loss" in name else "IoU" if is_evaluated(name) else "share"


def pooled(variances: np.ndarray) -> np.ndarray:
    """The mean of each variance [T] and those of its neighbours."""
    places = range(len(variances))
    return np.array([variances[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1].mean() for place in places])


def limits(curves: Mapping[str, np.ndarray]) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Mean, lower and upper limit, [T] each, of every quantity.

    Args:
        curves: by name, [N, T] as compared, that is smoothed where it is logged; at least two seeds.
    """
    from scipy.stats import t

    means = {name: values.mean(axis=0) for name, values in curves.items()}
    scales = {name: np.maximum(np.abs(means[name]), 1e-12) if kind(name) == "loss" else np.ones_like(means[name]) for name in curves}
    deviations = {name: np.sqrt(pooled(values.var(axis=0, ddof=1) / scales[name] ** 2)) for name, values in curves.items()}
    least = {
        like: math.sqrt(np.mean(np.concatenate([deviations[name] ** 2 for name in curves if kind(name) == like])))
        for like in dict.fromkeys(map(kind, curves))
    }
    found = {}
    for name, values in curves.items():
        seeds = len(values)
        factor = float(t.ppf((1 + LEVEL) / 2, seeds - 1)) * math.sqrt(1 + 1 / seeds)
        half = factor * np.maximum(deviations[name], least[kind(name)]) * scales[name]
        found[name] = (means[name], means[name] - half, means[name] + half)
    return found
