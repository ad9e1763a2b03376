"""What corruptions keep: range, size, order of severities, and their bits."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from mmseg.datasets.corruptions import KINDS, SEVERITIES, corrupt
from mmseg.datasets.corruptions.blur import disc, line
from mmseg.datasets.corruptions.weather import clouds

HASHES = Path(__file__).with_name("hashes.json")
EXACT = ("impulse_noise", "contrast", "gaussian_noise", "speckle_noise", "shot_noise")
"""Kinds of additions and products alone: no filter whose sums may be taken in another order."""


def street() -> np.ndarray:
    """A picture with a sky, a road, colours and edges: uint8 RGB [96, 160, 3]."""
    rows, columns = np.mgrid[:96, :160]
    image = np.dstack([60 + rows, 90 + columns // 2, np.where(rows < 40, 200, 80)]).astype(np.uint8)
    image[50:80, 30:60] = (180, 40, 40)
    image[20:70, 100:104] = (30, 30, 30)
    return image


def distance(kind: str, severity: int) -> float:
    """Root of the mean squared difference that a severity makes, over three draws."""
    image = street()
    changes = [corrupt(image, kind, severity, seed).astype(float) - image for seed in range(3)]
    return float(np.sqrt(np.mean(np.square(changes))))


@pytest.mark.parametrize("kind", KINDS)
def test_severity_0_is_the_image_itself(kind: str):
    image = street()
    same = corrupt(image, kind, 0)
    assert np.array_equal(same, image) and same is not image


@pytest.mark.parametrize("kind", KINDS)
def test_more_severe_is_farther_away(kind: str):
    distances = [distance(kind, severity) for severity in SEVERITIES]
    assert distances == sorted(distances) and distances[0] > 1, distances


@pytest.mark.parametrize("kind", KINDS)
def test_images_keep_size_and_kind_and_the_given_one_is_not_changed(kind: str):
    image = street()
    before = image.copy()
    changed = corrupt(image, kind, 3)
    assert changed.shape == image.shape and changed.dtype == np.uint8 and np.array_equal(image, before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, 255])
def test_black_white_and_tiny_images(kind: str, value: int):
    for height, width in ((1, 1), (7, 3)):
        assert corrupt(np.full((height, width, 3), value, np.uint8), kind, 5).shape == (height, width, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_and_name_draw_the_same(kind: str):
    first = corrupt(street(), kind, 3, seed=1, name="a.png")
    assert np.array_equal(first, corrupt(street(), kind, 3, seed=1, name="a.png"))


@pytest.mark.parametrize("kind", ["gaussian_noise", "fog", "snow", "motion_blur", "glass_blur", "spatter", "frost"])
def test_other_images_draw_something_else(kind: str):
    first = corrupt(street(), kind, 3, seed=1, name="a.png")
    assert not np.array_equal(first, corrupt(street(), kind, 3, seed=1, name="b.png"))
    assert not np.array_equal(first, corrupt(street(), kind, 3, seed=2, name="a.png"))


@pytest.mark.parametrize("kind", KINDS)
def test_recorded_images(kind: str):
    """Exact sums are compared by hash; filters by the mean of each quarter, within a grey level."""
    recorded = json.loads(HASHES.read_text())[kind]
    changed = corrupt(street(), kind, 3, seed=0, name="street.png")
    means = [float(part.mean()) for half in np.split(changed, 2) for part in np.split(half, 2, axis=1)]
    assert means == pytest.approx(recorded["means"], abs=1)
    if kind in EXACT:
        assert hashlib.sha256(changed.tobytes()).hexdigest() == recorded["sha256"]


def test_shares_of_impulses():
    grey = np.full((200, 200, 3), 128, np.uint8)
    changed = corrupt(grey, "impulse_noise", 5)
    assert (changed == 0).mean() == pytest.approx(0.135, abs=0.01) and (changed == 255).mean() == pytest.approx(0.135, abs=0.01)


def test_contrast_keeps_the_mean_and_a_share_of_the_rest():
    image = street()
    changed = corrupt(image, "contrast", 3).astype(float)
    assert changed.mean(axis=(0, 1)) == pytest.approx(image.mean(axis=(0, 1)), abs=0.6)
    assert changed.std(axis=(0, 1)) == pytest.approx(0.2 * image.std(axis=(0, 1)), abs=0.5)


def test_gaussian_noise_has_its_scale():
    grey = np.full((200, 200, 3), 128, np.uint8)
    assert corrupt(grey, "gaussian_noise", 1).astype(float).std() == pytest.approx(0.08 * 255, rel=0.02)


@pytest.mark.parametrize("kernel", [disc(3, 0.1), disc(10, 0.5), line(10, 3, 30.0), line(20, 15, -45.0)])
def test_kernels_keep_brightness(kernel: np.ndarray):
    assert kernel.sum() == pytest.approx(1, abs=1e-3) and kernel.shape[0] == kernel.shape[1] and kernel.shape[0] % 2 == 1


def test_a_line_lies_at_its_angle():
    level, steep = line(4, 100.0, 0.0), line(4, 100.0, 90.0)
    assert np.flatnonzero(level.sum(axis=1)).tolist() == [4] and np.flatnonzero(steep.sum(axis=0)).tolist() == [4]


def test_clouds_reach_from_0_to_1_and_are_smooth_when_they_decay_fast():
    rough, smooth = (clouds(64, 96, decay, np.random.default_rng(0)) for decay in (1.2, 3.0))
    for made in (rough, smooth):
        assert made.shape == (64, 96) and made.min() == 0 and made.max() == pytest.approx(1)
    assert np.abs(np.diff(smooth, axis=1)).mean() < 0.5 * np.abs(np.diff(rough, axis=1)).mean()
