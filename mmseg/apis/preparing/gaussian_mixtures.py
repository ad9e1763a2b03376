"""Gaussian mixtures with diagonal covariances by expectation maximisation, with scikit-learn.

The published mixtures (Wu & Liu, NeurIPS 2022) were fitted by other code, which is recorded. What is the same: k-means of features as they
are (the published one scales all of them by one minimum and maximum, which changes no distance's order), the steps of the EM from a
given start, the floor of the variances. What differs: k-means here begins ten times with k-means++, there 50 times with random points, of
which the best is followed; here the first responsibilities are those of Gaussians with the variances and shares of the clusters, there of
unit variances and equal shares; and scikit-learn makes one more step after the gain has fallen below the tolerance.

Letters: N points, D features, J components.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

FLOOR = 1e-6
"""Added to every variance (published)."""
TOLERANCE = 1e-3
"""Gain of the mean log-likelihood that is worth another step (published)."""
STEPS = 100
"""At most (published: 101)."""
STARTS = 10
"""Of k-means, of which the best is taken."""


@dataclass(frozen=True)
class FittedMixture:
    """A mixture and how it came about.

    Attributes:
        means, variances: float64 [J, D].
        weights: float64 [J], of a sum of 1.
        log_likelihood: mean over the points of the logarithm of the density.
        steps: of the EM.
        converged: whether the last one gained less than the tolerance.
    """

    means: np.ndarray
    variances: np.ndarray
    weights: np.ndarray
    log_likelihood: float = float("nan")
    steps: int = 0
    converged: bool = False


def clusters(points: np.ndarray, components: int, seed: int) -> FittedMixture:
    """Means, variances and shares of the clusters of k-means, in which an EM begins.

    Args:
        points: float64 [N, D], at least ``components``.
        components: J.
        seed: of the starts.
    """
    from sklearn.cluster import KMeans  # takes a second

    found = KMeans(components, n_init=STARTS, random_state=seed).fit(points)
    chosen = np.eye(components)[found.labels_]
    counts = chosen.sum(axis=0)
    squares = chosen.T @ (points - found.cluster_centers_[found.labels_]) ** 2
    return FittedMixture(found.cluster_centers_, squares / counts.clip(min=1)[:, None] + FLOOR, counts / counts.sum())


def fit_mixture(
    points: np.ndarray, components: int, *, seed: int, start: FittedMixture | None = None, steps: int = STEPS, tolerance: float = TOLERANCE
) -> FittedMixture:
    """Fits a mixture; the same points and seed give the same one, whatever the number of threads.

    Args:
        points: [N, D] finite numbers, N at least ``components``.
        components: J.
        seed: of k-means.
        start: in place of k-means: means, variances and weights.
        steps: at most so many.
        tolerance: gain of the mean log-likelihood below which it ends.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    points = np.asarray(points, np.float64)
    # Sums of several threads end differently every time. Of fewer distinct points than components some get a weight of 0.
    with threadpool_limits(1), np.errstate(divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the result says so
        first = clusters(points, components, seed) if start is None else start
        model = GaussianMixture(
            components,
            covariance_type="diag",
            reg_covar=FLOOR,
            tol=tolerance,
            max_iter=steps,
            means_init=first.means,
            precisions_init=1 / first.variances,
            weights_init=first.weights / first.weights.sum(),
        ).fit(points)
        likelihood = float(model.score(points))
    return FittedMixture(model.means_, model.covariances_, model.weights_, likelihood, model.n_iter_, model.converged_)
