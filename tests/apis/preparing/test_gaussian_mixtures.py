"""Fits by expectation maximisation: closed forms, and what the recorded ones have in common with them is in tests/parity."""

import numpy as np
import pytest

from mmseg.apis.preparing.gaussian_mixtures import FLOOR, FittedMixture, clusters, fit_mixture


def two_blobs(count: int = 400) -> np.ndarray:
    draw = np.random.default_rng(2)
    near, far = draw.normal([10, 20, 300], [2, 1, 40], (3 * count, 3)), draw.normal([40, 5, 10], [1, 2, 3], (count, 3))
    return np.concatenate([near, far])


def test_one_component_is_mean_and_variance():
    points = two_blobs()
    found = fit_mixture(points, 1, seed=0)
    assert found.means[0] == pytest.approx(points.mean(axis=0)) and found.variances[0] == pytest.approx(points.var(axis=0) + FLOOR)
    assert found.weights.tolist() == [1] and found.converged


def test_two_blobs_are_found():
    found = fit_mixture(two_blobs(), 2, seed=0)
    order = np.argsort(found.weights)[::-1]
    assert found.weights[order] == pytest.approx([0.75, 0.25], abs=0.01) and found.weights.sum() == pytest.approx(1)
    assert found.means[order].ravel() == pytest.approx([10, 20, 300, 40, 5, 10], rel=0.02)
    assert found.variances[order].ravel() == pytest.approx([4, 1, 1600, 1, 4, 9], rel=0.2)


def test_every_step_raises_the_likelihood():
    points = two_blobs()
    start = FittedMixture(points[[0, 1, 2]], np.full((3, 3), 100.0), np.ones(3) / 3)
    gains = [fit_mixture(points, 3, seed=0, start=start, steps=steps, tolerance=0).log_likelihood for steps in range(1, 12)]
    assert (np.diff(gains) >= -1e-12).all() and gains[-1] > gains[0] + 0.1


def test_the_likelihood_is_that_of_the_density():
    points = two_blobs()
    found = fit_mixture(points, 2, seed=0)
    single = np.exp(-((points[:, None] - found.means) ** 2) / (2 * found.variances)) / np.sqrt(2 * np.pi * found.variances)
    assert np.log((single.prod(axis=2) * found.weights).sum(axis=1)).mean() == pytest.approx(found.log_likelihood)


def test_the_same_seed_gives_the_same_mixture():
    one, two = (fit_mixture(two_blobs(), 5, seed=3) for _ in range(2))
    assert np.array_equal(one.means, two.means) and np.array_equal(one.variances, two.variances)


def test_a_sky_that_is_one_distance_and_fewer_places_than_components():
    """The variance of the distance is the floor; of three places there are no five clusters, and nothing is infinite."""
    draw = np.random.default_rng(1)
    sky = np.stack([*draw.integers(0, 30, (2, 500)), np.ones(500)], axis=1)
    found = fit_mixture(sky, 5, seed=0)
    assert found.variances[:, 2] == pytest.approx([FLOOR] * 5, rel=1e-6) and found.means[:, 2] == pytest.approx([1] * 5)
    few = fit_mixture(np.repeat([[0.0, 0, 1], [5, 5, 1], [9, 0, 1]], 20, axis=0), 5, seed=0)
    assert all(np.isfinite(values).all() for values in (few.means, few.variances, few.weights)) and (few.variances > 0).all()
    assert few.weights.sum() == pytest.approx(1)


def test_clusters_are_where_it_begins():
    start = clusters(two_blobs(), 2, seed=0)
    order = np.argsort(start.weights)
    assert start.weights[order].tolist() == [0.25, 0.75]
    assert start.variances[order[0]] == pytest.approx(two_blobs()[1200:].var(axis=0) + FLOOR)
