"""Limits of doubt in closed form."""

import numpy as np
import pytest

from mmseg.apis.preparing.thresholds import LEVELS, class_limits, histogram, kept, level_values, limit_of, unsure_levels


def test_levels_have_the_order_of_doubts_and_keep_them():
    doubts = np.array([0.0, 1e-7, 1e-4, 0.05, 0.5, 0.9, 1.0], np.float32)
    levels = unsure_levels(doubts)
    assert levels.dtype == np.uint16 and (np.diff(levels.astype(int)) > 0).all() and levels[0] == 0 and levels.max() < LEVELS
    np.testing.assert_allclose(level_values(levels), doubts, rtol=2**-11, atol=6e-8)


def test_doubts_near_zero_differ():
    """Where 8 bits of a probability would see no difference, and 16 hardly any."""
    close, closer = unsure_levels(np.array([1e-5, 1.1e-5], np.float32))
    assert close != closer


def counts(*by_class: dict[int, int]) -> np.ndarray:
    """A histogram with so many pixels at these levels."""
    found = np.zeros((len(by_class), LEVELS), np.int64)
    for index, levels in enumerate(by_class):
        for level, pixels in levels.items():
            found[index, level] = pixels
    return found


@pytest.mark.parametrize(
    ("levels", "quantile", "limit"),
    [
        ({5: 1, 6: 1, 7: 1, 8: 1}, 0.5, 6),
        ({5: 1, 6: 1, 7: 1, 8: 1}, 0.25, 7),
        ({5: 1, 6: 1, 7: 1, 8: 1}, 0.49, 7),  # at least 51 % stay
        ({5: 1, 6: 1, 7: 1}, 0.5, 6),
        ({5: 10, 8: 1}, 0.5, 5),
        ({5: 1, 8: 10}, 0.5, 8),  # equal doubts stay together
        ({}, 0.5, 0),
        ({3: 10}, 0.1, 3),
        ({3: 9, 4: 1}, 0.1, 3),  # 1 - 0.1 is a little more than 0.9 in floats
    ],
)
def test_limits_of_a_class(levels, quantile, limit):
    assert class_limits(counts({0: 1}, levels), quantile).tolist() == [0, limit]


def test_a_histogram_and_what_is_kept():
    label = np.array([[0, 0, 1], [1, 1, 0]], np.uint8)
    doubts = np.array([[3, 9, 4], [4, 5, 3]], np.uint16)
    found = histogram(label, doubts, 2)
    assert found[0, 3] == 2 and found[0, 9] == 1 and found[1, 4] == 2 and found[1, 5] == 1 and found.sum() == 6
    assert kept(label, doubts, np.array([3, 5])).tolist() == [[0, 255, 1], [1, 1, 0]]
    assert kept(label, doubts, np.array([9, 3])).tolist() == [[0, 0, 255], [255, 255, 0]]


def test_a_threshold_as_a_limit():
    assert limit_of(1.0) == 0
    assert level_values(np.array(limit_of(0.9))) == pytest.approx(0.1, rel=1e-3)
