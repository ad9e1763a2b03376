"""The measures of reliability: closed forms, and scikit-learn's answers."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from mmseg.datasets.reading.object_ids import KNOWN_OBJECT as KNOWN
from mmseg.datasets.reading.object_ids import UNKNOWN_OBJECT as UNKNOWN
from mmseg.evaluation.trust.counts import LEVELS, confidence_counts, level_values, to_level
from mmseg.evaluation.trust.measures import (
    BINS,
    Ranking,
    harmonic_mean,
    reliability,
    risk_coverage,
    trust_scores,
    undefined_reason,
)

IGNORE = 255
PIXELS = 100_000


def counted(right, confidence, unknown=None) -> np.ndarray:
    """Counts of pixels that are right or wrong, as class 1 or class 0 where 1 is true."""
    right, confidence = np.asarray(right, bool), np.asarray(confidence)
    label = torch.ones(1, right.size, dtype=torch.uint8)
    prediction = torch.from_numpy(right.astype(np.uint8))[None]
    mask = None if unknown is None else torch.from_numpy(np.asarray(unknown, np.uint8) * UNKNOWN)[None]
    return confidence_counts(prediction, label, torch.from_numpy(confidence)[None], IGNORE, mask)


@pytest.fixture(scope="module")
def noisy() -> tuple[np.ndarray, np.ndarray]:
    """Pixels that are right as often as a curve of their confidence says."""
    rng = np.random.default_rng(7)
    confidence = rng.beta(4, 1.5, PIXELS)
    return rng.random(PIXELS) < confidence**2, confidence


def quantised(confidence: np.ndarray) -> np.ndarray:
    return level_values()[to_level(torch.from_numpy(confidence)).numpy()]


def test_levels_reach_from_0_to_1_and_are_off_by_half_a_level():
    confidence = torch.linspace(0, 1, 1001)
    values = level_values()[to_level(confidence).numpy()]
    assert values[0] == 0 and values[-1] == 1
    assert np.abs(values - confidence.double().numpy()).max() <= 0.5 / (LEVELS - 1) + 1e-7


def test_pixels_are_counted_by_what_they_are():
    prediction = torch.tensor([[0, 1, 2, 2, 2]])
    label = torch.tensor([[0, 2, IGNORE, IGNORE, IGNORE]])
    confidence = torch.tensor([[1.0, 0.5, 0.25, 0.0, 1.0]])
    counts = confidence_counts(prediction, label, confidence, IGNORE, torch.tensor([[0, 0, 0, UNKNOWN, KNOWN]]))
    assert counts.shape == (4, LEVELS)
    assert counts.sum(axis=1).tolist() == [1, 1, 1, 1]  # the ignored pixel is in none
    assert counts[0, -1] == 1 and counts[1, to_level(torch.tensor(0.5))] == 1 and counts[2, 0] == 1 and counts[3, -1] == 1


def test_a_perfect_predictor():
    counts = counted(np.ones(50), np.ones(50))
    scores = trust_scores(counts, miou=100.0)
    assert scores["ECE"] == 0
    assert all(math.isnan(scores[name]) for name in ("AUROC", "FPR95", "AUPR.success", "AUPR.error", "OOD.AUROC", "BRAVO"))
    assert "no pixel is wrong" in undefined_reason(counts)


def test_reasons_for_what_is_undefined():
    assert "no pixel has a label" in undefined_reason(counted([], []))
    assert "no pixel is right" in undefined_reason(counted([0, 0], [0.5, 0.75]))
    assert undefined_reason(counted([0, 1], [0.5, 0.75])) is None


@pytest.mark.parametrize("confidence", [0.0, 0.3, 0.8, 1.0])
def test_constant_confidence(confidence: float):
    counts = counted([1, 1, 1, 0, 0], np.full(5, confidence))
    scores = trust_scores(counts)
    assert scores["ECE"] == pytest.approx(100 * abs(0.6 - confidence), abs=100 / LEVELS)
    assert scores["AUROC"] == pytest.approx(50)  # one step tells nothing apart
    assert scores["FPR95"] == 100
    assert scores["AUPR.success"] == pytest.approx(60)
    assert scores["AUPR.error"] == pytest.approx(40)


def test_a_random_score():
    rng = np.random.default_rng(3)
    scores = trust_scores(counted(rng.random(PIXELS) < 0.7, rng.random(PIXELS)))
    assert scores["AUROC"] == pytest.approx(50, abs=3 * 100 / math.sqrt(12 * 0.7 * 0.3 * PIXELS / 0.5))
    assert scores["FPR95"] == pytest.approx(95, abs=1)


def test_an_opposite_score_mirrors_the_area(noisy):
    right, confidence = noisy
    straight, opposite = (trust_scores(counted(right, value)) for value in (quantised(confidence), 1 - quantised(confidence)))
    assert opposite["AUROC"] == pytest.approx(100 - straight["AUROC"], abs=1e-9)


def test_a_perfect_score():
    scores = trust_scores(counted([1, 1, 0], [0.9, 0.8, 0.1], [0, 0, 0]))
    assert (scores["AUROC"], scores["FPR95"], scores["AUPR.success"], scores["AUPR.error"]) == (100, 0, 100, 100)


def test_scikit_learn_agrees(noisy):
    """Exactly for confidences on levels, and within a level for others."""
    right, confidence = noisy
    scores = trust_scores(counted(right, confidence))
    for values, tolerance in ((quantised(confidence), 1e-9), (confidence, 100 / LEVELS)):
        alarms, found, _ = roc_curve(right, values, drop_intermediate=False)
        assert scores["AUROC"] == pytest.approx(100 * roc_auc_score(right, values), abs=tolerance)
        assert scores["FPR95"] == pytest.approx(100 * alarms[np.argmax(found >= 0.95)], abs=max(tolerance, 1e-9) + 1e-9)
        assert scores["AUPR.success"] == pytest.approx(100 * average_precision_score(right, values), abs=tolerance)
        assert scores["AUPR.error"] == pytest.approx(100 * average_precision_score(~right, 1 - values), abs=tolerance)


def test_unknown_objects_against_scikit_learn(noisy):
    right, confidence = noisy
    unknown = np.random.default_rng(5).random(PIXELS) < 0.1
    scores = trust_scores(counted(right, confidence, unknown))
    doubt = 1 - quantised(confidence)
    alarms, found, _ = roc_curve(unknown, doubt, drop_intermediate=False)
    assert scores["OOD.AUROC"] == pytest.approx(100 * roc_auc_score(unknown, doubt), abs=1e-9)
    assert scores["OOD.AUPR"] == pytest.approx(100 * average_precision_score(unknown, doubt), abs=1e-9)
    assert scores["OOD.FPR95"] == pytest.approx(100 * alarms[np.argmax(found >= 0.95)], abs=1e-9)
    known = trust_scores(counted(right[~unknown], confidence[~unknown]))
    assert scores["AUROC"] == known["AUROC"] and scores["ECE"] == known["ECE"]


def test_pixels_of_known_objects_are_what_unknown_ones_are_told_from():
    objects = torch.tensor([[UNKNOWN, KNOWN, KNOWN, KNOWN]])
    confidence = torch.tensor([[0.5, 0.9, 0.8, 0.25]])
    nothing = torch.full((1, 4), IGNORE)
    scores = trust_scores(confidence_counts(torch.zeros(1, 4), nothing, confidence, IGNORE, objects))
    assert scores["OOD.AUROC"] == pytest.approx(200 / 3) and scores["OOD.FPR95"] == pytest.approx(100 / 3)
    assert math.isnan(scores["ECE"])


def test_the_calibration_error_from_its_definition(noisy):
    right, confidence = noisy
    place = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1)
    parts = [(place == number) for number in range(BINS)]
    expected = sum(part.mean() * abs(right[part].mean() - confidence[part].mean()) for part in parts if part.any())
    diagram = reliability(counted(right, confidence))
    assert diagram.error == pytest.approx(expected, abs=1 / LEVELS)
    assert diagram.pixels.sum() == PIXELS


def test_a_bin_is_closed_above():
    diagram = reliability(counted([1, 0], [0.2, 1.0]))  # 0.2 = 3 / 15
    assert diagram.pixels.nonzero()[0].tolist() == [2, 14]
    assert np.isnan(diagram.accuracy[0])


def test_counts_of_parts_add_up_to_those_of_the_whole(noisy):
    right, confidence = noisy
    parts = sum(counted(right[start::4], confidence[start::4]) for start in range(4))
    assert np.array_equal(parts, counted(right, confidence))


def test_risk_and_coverage():
    curve = risk_coverage(counted([1, 1, 0, 0], [0.9, 0.8, 0.8, 0.1]))
    assert curve.coverage.tolist() == [0.25, 0.75, 1.0]
    assert curve.risk.tolist() == pytest.approx([0, 1 / 3, 1 / 2])
    assert risk_coverage(counted([], [])).coverage.size == 0


def test_harmonic_means():
    right, confidence, unknown = [1, 1, 0, 0], [0.9, 0.8, 0.4, 0.1], [0, 0, 0, 1]
    scores = trust_scores(counted(right, confidence, unknown), miou=50.0)
    semantic = (50, 100 - scores["ECE"], scores["AUROC"], 100 - scores["FPR95"], scores["AUPR.success"], scores["AUPR.error"])
    foreign = (scores["OOD.AUROC"], scores["OOD.AUPR"], 100 - scores["OOD.FPR95"])
    assert scores["semantic_hmean"] == pytest.approx(6 / sum(1 / value for value in semantic))
    assert scores["OOD.hmean"] == pytest.approx(3 / sum(1 / value for value in foreign))
    assert scores["BRAVO"] == pytest.approx(2 / (1 / scores["semantic_hmean"] + 1 / scores["OOD.hmean"]))
    assert harmonic_mean([1, 0]) == 0 and math.isnan(harmonic_mean([1, math.nan])) and harmonic_mean([2, 2]) == 2


def test_a_ranking_without_negatives_is_undefined():
    ranking = Ranking(np.array([0, 3]), np.zeros(2, int))
    assert not ranking.is_defined and math.isnan(ranking.auroc) and math.isnan(ranking.aupr) and math.isnan(ranking.fpr95)
