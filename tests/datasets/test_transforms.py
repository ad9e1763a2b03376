"""Resize arithmetic, crop choice, padding and margins have closed forms."""

import numpy as np
import pytest

from mmseg.datasets import transforms
from mmseg.structures import Box


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [
        ((1052, 1914), (1280, 720), (704, 1280)),
        ((1052, 1914), (2560, 1440), (1407, 2560)),
        ((760, 1280), (2560, 1520), (1520, 2560)),
        ((720, 1280), (2048, 1024), (1024, 1820)),
        ((1024, 2048), (2048, 1024), (1024, 2048)),
        ((200, 100), (100, 50), (100, 50)),  # portrait: the longer limit bounds the longer side
    ],
)
def test_keep_ratio_size(size, scale, expected):
    assert transforms.keep_ratio_size(size, scale) == expected


def test_nothing_is_resampled_at_the_same_size():
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    assert transforms.resize_image(image, (6, 8)) is image
    assert transforms.resize_label(image[..., 0], (6, 8)).base is image


def test_nearest_keeps_label_values():
    label = np.random.default_rng(0).choice(np.array([0, 7, 18, 255], np.uint8), (31, 47))
    assert set(np.unique(transforms.resize_label(label, (53, 71)))) <= {0, 7, 18, 255}


def test_crop_boxes_reach_both_ends():
    rng = np.random.default_rng(0)
    boxes = [transforms.draw_crop_box(rng, 10, 12, (8, 8)) for _ in range(200)]
    assert {box.y1 for box in boxes} == {0, 1, 2}
    assert {box.x1 for box in boxes} == {0, 1, 2, 3, 4}
    assert all((box.height, box.width) == (8, 8) for box in boxes)


def test_a_small_image_is_taken_whole():
    assert transforms.draw_crop_box(np.random.default_rng(0), 10, 12, (16, 16)) == Box(0, 10, 0, 12)


@pytest.mark.parametrize(
    ("counts", "dominated"),
    [({3: 75, 4: 25}, True), ({3: 74, 4: 26}, False), ({3: 10, 255: 90}, True), ({255: 100}, True), ({3: 37, 4: 13, 255: 50}, False)],
)
def test_dominated_counts_labelled_pixels_only(counts, dominated):
    label = np.concatenate([np.full(count, value, np.uint8) for value, count in counts.items()]).reshape(10, 10)
    assert transforms.is_dominated(label, 0.75) == dominated


class CountingDraws:
    """A generator that counts how many boxes were drawn (two draws each)."""

    def __init__(self):
        self.rng, self.draws = np.random.default_rng(0), 0

    def integers(self, low, high):
        self.draws += 1
        return self.rng.integers(low, high)


def test_one_class_is_redrawn_ten_times_and_then_accepted():
    rng = CountingDraws()
    box = transforms.choose_crop(rng, np.full((40, 40), 3, np.uint8), (8, 8), 0.75)
    assert rng.draws == 2 * 11
    assert (box.height, box.width) == (8, 8)


def test_ratio_one_accepts_the_first_crop():
    rng = CountingDraws()
    transforms.choose_crop(rng, np.full((40, 40), 3, np.uint8), (8, 8), 1.0)
    assert rng.draws == 2


@pytest.mark.parametrize(("minimum", "draws"), [(0, 2), (63, 2), (64, 22)])
def test_rare_class_needs_strictly_more_pixels(minimum, draws):
    """Every 8 x 8 crop of this label holds 64 pixels of the class."""
    rng = CountingDraws()
    transforms.choose_rare_class_crop(rng, np.full((40, 40), 3, np.uint8), (8, 8), 1.0, 3, minimum)
    assert rng.draws == draws


@pytest.mark.parametrize(("minimum", "other", "draws"), [(31, 4, 2), (32, 4, 40), (31, 3, 40)])
def test_crops_that_have_to_please_twice_at_once(minimum, other, draws):
    """Every 8 x 8 crop holds 32 pixels of the class, or is full of it; 20 crops are tried then."""
    rng, label = CountingDraws(), np.full((40, 40), 3, np.uint8)
    label[::2] = other
    box = transforms.choose_rare_class_crop(rng, label, (8, 8), 0.75, 3, minimum, tries=20)
    assert rng.draws == draws and (box.height, box.width) == (8, 8)


def test_pad_fills_bottom_and_right():
    padded = transforms.pad(np.ones((2, 3), np.uint8), (4, 5), 255)
    assert padded.shape == (4, 5)
    assert (padded[:2, :3] == 1).all()
    assert (padded == 255).sum() == 20 - 6


def test_margin_area_of_cityscapes():
    assert transforms.margin_mask(1024, 2048, [30, 240, 30, 30]).sum() == (1024 - 270) * (2048 - 60) == 1_498_952


def test_half_the_margins_is_the_published_mask_at_half_size():
    """The published code builds the mask at 1024 x 2048 and resizes it; ours is given in resized pixels."""
    full = transforms.margin_mask(1024, 2048, [30, 240, 30, 30])
    np.testing.assert_array_equal(transforms.resize_label(full, (512, 1024)), transforms.margin_mask(512, 1024, [15, 120, 15, 15]))
