"""Fits of mixtures against the records of the code that Wu & Liu name: what scikit-learn shares with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmseg.apis.preparing.gaussian_mixtures import FLOOR, STARTS, FittedMixture, clusters, fit_mixture
from mmseg.utils.products.mixture_file import MixtureParameters, read_mixtures, write_mixtures
from tests.parity.records import parametrize
from tests.utils.products.test_mixture_file import HEADER

FOLDER = "methods/depth_distribution"


def arrays(record, *names) -> list[np.ndarray]:
    return [record.tensors[name].double().numpy() for name in names]


@parametrize(f"{FOLDER}/em_*")
def test_steps_from_given_parameters(record):
    """From the parameters after the first recorded step, each further one reaches the recorded likelihood, the last the parameters.

    The records are float32, so that the variances, differences of squares, have five digits.
    """
    points, *first = arrays(record, "X", "mu_1", "var_1", "pi_1")
    likelihoods, start = record.info["log_likelihood"], FittedMixture(*first)
    for steps, expected in enumerate(likelihoods[1:], start=1):
        found = fit_mixture(points, len(start.means), seed=0, start=start, steps=steps, tolerance=0)
        assert found.log_likelihood == pytest.approx(expected, rel=1e-6)
    assert record.info["n_iterations"] == len(likelihoods)
    for name, value in {"mu": found.means, "var": found.variances, "pi": found.weights}.items():
        (expected,) = arrays(record, name)
        assert value == pytest.approx(expected, rel=1e-4, abs=2e-5), name


@parametrize(f"{FOLDER}/em_kmeans*")
def test_the_first_step(record):
    """Unit variances and equal shares, as recorded; the start of the other record is not known whole."""
    points, means = arrays(record, "X", "mu_start")
    start = FittedMixture(means, np.ones_like(means), np.full(len(means), 1 / len(means)))
    found = fit_mixture(points, len(means), seed=0, start=start, steps=1)
    for name, value in {"mu_1": found.means, "var_1": found.variances, "pi_1": found.weights}.items():
        (expected,) = arrays(record, name)
        assert value == pytest.approx(expected, rel=1e-4, abs=2e-5), name


@parametrize(f"{FOLDER}/em_*")
def test_where_it_stops(record):
    """With the recorded tolerance, scikit-learn makes one step more than the record: it compares before a step, not after."""
    points, *first = arrays(record, "X", "mu_1", "var_1", "pi_1")
    found = fit_mixture(points, len(first[0]), seed=0, start=FittedMixture(*first), tolerance=record.info["config"]["delta"])
    assert found.converged and found.steps == record.info["n_iterations"]  # the recorded first step is not among ours
    assert found.log_likelihood >= record.info["log_likelihood"][-1] - 1e-5


def spread(points: np.ndarray, centres: np.ndarray) -> float:
    """Sum of the squared distances to the nearest centre."""
    return float(((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1).sum())


@parametrize(f"{FOLDER}/kmeans_start*")
def test_clusters(record):
    """The draws of the recorded starts are another generator's. The end is at least as good, and here the same."""
    points, recorded = arrays(record, "X", "mu")
    found = clusters(points, record.info["config"]["n_centers"], seed=0).means
    assert spread(points, found) <= spread(points, recorded) * (1 + 1e-6)
    nearest = found[((recorded[:, None] - found) ** 2).sum(axis=2).argmin(axis=1)]
    # Lloyd's steps are recorded until centres move by less than a thousandth of the range of all features.
    assert np.abs(nearest - recorded).max() < 1e-3 * np.ptp(points) and STARTS > 1


@parametrize(f"{FOLDER}/gmm_*")
def test_shipped_sets_fit_into_our_file(record, tmp_path):
    """Their weights are rounded to four digits. The sky is at one inverse depth, where the floor of the variances shows."""
    names = record.info["config"]["classes"]
    arrays_of = (record.tensors[key] for key in ("mu", "var", "phi"))
    shipped = MixtureParameters(*arrays_of, units="raw", grid=tuple(record.info["config"]["grid_wh"]))
    write_mixtures(
        tmp_path / "mixtures.npz",
        shipped,
        {**HEADER, "classes": names, "grid": record.info["config"]["grid_wh"], "frequencies": dict.fromkeys(names, 0.1)},
    )
    read = read_mixtures(tmp_path / "mixtures.npz", classes=names)
    assert torch.equal(read.variances, shipped.variances) and read.grid == shipped.grid
    sky = read.variances[names.index("sky"), :, 2]
    assert (sky - FLOOR).abs().min() < 0.01 * FLOOR
