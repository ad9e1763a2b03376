"""Colours of one image in the manner of another."""

import cv2
import numpy as np
import pytest

from mmseg.datasets.transforms import LabStatistics, lab_transfer, to_lab
from mmseg.datasets.transforms.lab import from_lab


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(60, 180, (20, 30, 3), dtype=np.uint8)


def test_known_colours():
    """White is L = 100; red of sRGB is (53.24, 80.09, 67.20)."""
    lab = to_lab(np.array([[[255, 255, 255], [0, 0, 0], [0, 0, 255]]], np.uint8))[0]
    assert lab[0] == pytest.approx([100, 0, 0], abs=0.02) and lab[1] == pytest.approx([0, 0, 0], abs=1e-3)
    assert lab[2] == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


def test_it_is_near_what_opencv_gives(photo):
    expected = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    assert np.abs(to_lab(photo) - expected).max() < 0.5


def test_there_and_back(photo):
    """Fractions of grey levels are cut off."""
    assert np.abs(from_lab(to_lab(photo)).astype(int) - photo).max() <= 1


def test_an_image_takes_the_statistics_of_another(photo):
    like = LabStatistics(np.array([50.0, 10.0, -20.0]), np.array([8.0, 5.0, 6.0]))
    found = LabStatistics.of(to_lab(lab_transfer(photo, like)))
    assert found.mean == pytest.approx(like.mean, abs=0.4) and found.std == pytest.approx(like.std, abs=0.3)


def test_an_image_without_deviation_becomes_the_mean():
    flat = np.full((4, 4, 3), 90, np.uint8)
    like = LabStatistics(np.array([50.0, 0.0, 0.0]), np.array([8.0, 5.0, 6.0]))
    assert np.abs(lab_transfer(flat, like).astype(int) - 118).max() <= 1


def test_what_no_screen_shows_is_clipped(photo):
    like = LabStatistics(np.array([90.0, 0.0, 0.0]), np.array([60.0, 0.0, 0.0]))
    made = lab_transfer(photo, like)
    assert made.min() == 0 and made.max() == 254  # 1.055 - 0.055 is a little below 1, in the published code as well
