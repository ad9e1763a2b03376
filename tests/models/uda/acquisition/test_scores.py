"""Scores in closed form, clipped windows, exact counts; the published float32 values of mixed and of pure windows."""

import math

import numpy as np
import pytest
import torch

from mmseg.models.uda.acquisition import scores

LN_19 = math.log(19)
ONE_CLASS = -9.536738616588991e-07
"""-ln(1 + 1e-6) in float32."""


def window_of(*counts: int) -> torch.Tensor:
    """A 3x3 prediction with so many pixels of the classes 0, 1, …"""
    assert sum(counts) == 9
    return torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts)).view(3, 3).to(torch.uint8)


def random_logits(classes: int, height: int, width: int, scale: float = 2.0) -> torch.Tensor:
    return torch.randn(classes, height, width, generator=torch.Generator().manual_seed(0)) * scale


@pytest.mark.parametrize(
    ("counts", "nats", "normalised"),
    [((3, 6), 0.636512, 0.216174), ((5, 4), 0.686960, 0.233307), ((1,) * 9, 2.197216, 0.746226), ((9,), ONE_CLASS, -3.239e-7)],
)
def test_impurity_of_a_window(counts, nats, normalised):
    found = scores.impurity(window_of(*counts), classes=19, radius=1)[1, 1].item()
    assert found == pytest.approx(nats, rel=1e-6) and found / LN_19 == pytest.approx(normalised, rel=1e-4)


def test_the_corner_has_four_pixels():
    prediction = torch.tensor([[0, 1, 5], [1, 0, 5], [5, 5, 5]], dtype=torch.uint8)
    assert scores.impurity(prediction, classes=19, radius=1)[0, 0].item() == pytest.approx(0.693145, rel=1e-6)


def test_windows_are_clipped():
    assert scores.window_sizes((3, 4), 1).tolist() == [[4, 6, 6, 4], [6, 9, 9, 6], [4, 6, 6, 4]]
    assert scores.window_sizes((3, 4), 7).unique().tolist() == [12] and scores.window_sizes((3, 4), 0).unique().tolist() == [1]


@pytest.mark.parametrize("radius", [0, 1, 2, 5, 40, 1_000_000])
def test_counts_are_those_of_every_window(radius):
    """Also where it is larger than the image."""
    prediction = torch.randint(0, 4, (11, 7), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    out = np.full((5, 11, 7), np.nan, np.float32)
    counts = scores.class_counts(prediction, slice(0, 11), radius, out)
    for row, column in np.ndindex(11, 7):
        window = prediction[max(row - radius, 0) : row + radius + 1, max(column - radius, 0) : column + radius + 1]
        assert counts[:, row, column].tolist() == [(window == label).sum().item() for label in range(5)]
    assert torch.equal(counts.sum(0), scores.window_sizes((11, 7), radius))
    assert torch.equal(counts[1], scores.window_sum((prediction == 1).float(), radius))
    expected = counts[:, 4:9].clone()
    assert torch.equal(scores.class_counts(prediction, slice(4, 9), radius, out), expected)


@pytest.mark.parametrize("radius", [1, 3, 20])
def test_the_mean_of_a_constant_is_the_constant(radius):
    """At the border as well."""
    assert torch.allclose(scores.uncertainty(torch.full((9, 12), 0.7), radius), torch.tensor(0.7))


def test_entropy_of_a_pixel():
    classes, sure = 7, torch.zeros(7, 1, 1)
    sure[3] = 1
    uniform = scores.entropy(torch.full((classes, 1, 1), 1 / classes)).item()
    assert uniform == pytest.approx(math.log(7) - 7 * 1e-6, abs=1e-6)
    assert scores.entropy(sure).item() == pytest.approx(0, abs=1e-6)
    assert scores.least_confidence(sure).item() == 0 and scores.least_confidence(torch.full((4, 1, 1), 0.25)).item() == 0.75


def test_the_first_of_several_likeliest_classes():
    probabilities = torch.tensor([[0.2, 0.4, 0.1], [0.4, 0.4, 0.1], [0.4, 0.2, 0.8]])[:, None]
    assert scores.hard_prediction(probabilities).tolist() == [[1, 0, 2]]


@pytest.mark.parametrize("band", [1, 24, 10**6])
def test_bands_do_not_show(monkeypatch, band):
    """As computed for the whole image: bands of one row, of three that do not divide the image, and of all."""
    monkeypatch.setattr(scores, "BAND", band)
    monkeypatch.setattr(scores, "BANDS_OF_A_PART", 2)
    logits = random_logits(6, 11, 8)
    entropies, prediction = scores.entropy_and_prediction(logits)
    probabilities = logits.softmax(0)
    assert len(list(scores.bands(logits))) == {1: 11, 24: 4, 10**6: 1}[band]
    assert torch.allclose(entropies, -(probabilities * (probabilities + 1e-6).log()).sum(0))
    assert torch.equal(prediction.long(), probabilities.argmax(0))
    assert torch.allclose(scores.by_pixel(scores.least_confidence, logits), 1 - probabilities.amax(0))
    for radius in (0, 1, 3, 20):
        counts = scores.class_counts(prediction, slice(0, 11), radius, np.empty((6, 11, 8), np.float32))
        shares = counts / counts.sum(0)
        expected = -(shares * (shares + 1e-6).log()).sum(0)
        assert torch.allclose(scores.impurity(prediction, classes=6, radius=radius), expected)


def test_a_region_is_impurity_times_uncertainty():
    logits = random_logits(5, 12, 9)
    entropies, prediction = scores.entropy_and_prediction(logits)
    impurity, mean = scores.impurity(prediction, classes=5, radius=2), scores.uncertainty(entropies, 2)
    assert torch.allclose(scores.region_score(logits, radius=2), impurity * mean / LN_19**2)
    assert torch.allclose(scores.region_score(logits, radius=2, normaliser=math.log(5)), impurity * mean / math.log(5) ** 2)
    assert torch.allclose(scores.pixel_score(logits, radius=2), impurity * entropies)


def test_the_less_uncertain_of_two_pure_regions_ranks_higher():
    """Their impurity is a little below 0."""
    logits = torch.zeros(19, 3, 9)
    logits[0] = 3
    logits[0, :, 5:] = 8  # more certain
    found = scores.region_score(logits, radius=1)
    assert found[1, 7] > found[1, 1] and (found < 0).all()
    assert scores.impurity(torch.zeros(3, 3, dtype=torch.uint8), classes=19, radius=1).unique().tolist() == [ONE_CLASS]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_low_precision_is_computed_in_float32(dtype):
    logits = random_logits(4, 6, 6).to(dtype)
    assert torch.equal(scores.region_score(logits, radius=1), scores.region_score(logits.float(), radius=1))


def test_logarithms_of_probabilities_are_logits():
    logits = random_logits(4, 6, 6)
    assert torch.allclose(scores.region_score(logits, radius=1), scores.region_score(logits.softmax(0).log(), radius=1), atol=1e-6)
