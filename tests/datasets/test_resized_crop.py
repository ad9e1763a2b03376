"""A resized crop is the crop of the whole resized image, and labels are resized exactly alike."""

import numpy as np
import pytest

from mmseg.datasets import transforms
from mmseg.structures import Box

PUBLISHED = [
    ((1052, 1914), (1280, 720), 512),
    ((1052, 1914), (2560, 1440), 1024),
    ((760, 1280), (1280, 760), 512),
    ((760, 1280), (2560, 1520), 1024),
    ((1024, 2048), (1024, 512), 512),
    ((1024, 2048), (2048, 1024), 1024),
    ((1080, 1920), (960, 540), 512),
    ((1046, 1914), (1280, 720), 512),  # some images of GTA have other sizes
]
SMALL = [
    ((64, 128), (171, 90), 40),
    ((30, 40), (120, 90), 48),
    ((90, 120), (40, 30), 20),
    ((50, 70), (71, 51), 32),
    ((50, 70), (64, 69), 30),
]


def boxes(size: tuple[int, int], crop: int, count: int = 5) -> list[Box]:
    """All corners, and random places."""
    rng = np.random.default_rng(0)
    bottom, right = size[0] - crop, size[1] - crop
    places = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
    places += [(int(rng.integers(bottom + 1)), int(rng.integers(right + 1))) for _ in range(count)]
    return [Box(top, top + crop, left, left + crop) for top, left in places]


@pytest.mark.parametrize(("native", "scale", "crop"), PUBLISHED + SMALL)
def test_crop_of_the_whole(native, scale, crop):
    image = np.random.default_rng(1).integers(0, 256, (*native, 3), np.uint8)
    size = transforms.keep_ratio_size(native, scale)
    whole = transforms.resize_image(image, size)
    for box in boxes(size, crop):
        difference = np.abs(transforms.resized_crop(image, size, box).astype(int) - whole[box.slices])
        assert difference.shape == (crop, crop, 3) and difference.max() <= 1, box


def test_a_box_of_one_pixel_and_a_box_of_everything():
    image = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    whole = transforms.resize_image(image, (40, 60))
    for box in (Box(39, 40, 59, 60), Box(0, 1, 0, 1), Box(17, 18, 31, 32), Box(0, 40, 0, 60)):
        np.testing.assert_array_equal(transforms.resized_crop(image, (40, 60), box), whole[box.slices])


@pytest.mark.parametrize(("size", "factor"), [((90, 120), 3), ((60, 80), 2)])
def test_only_what_the_box_needs_is_resized(monkeypatch, size, factor):
    """At whole factors from both ends, otherwise from the far end alone."""
    seen = []
    resize = transforms.resize.cv2.resize
    monkeypatch.setattr(
        transforms.resize.cv2, "resize", lambda part, *rest, **named: seen.append(part.shape) or resize(part, *rest, **named)
    )
    transforms.resized_crop(np.zeros((30, 40, 3), np.uint8), size, Box(30, 42, 30, 42))
    assert max(seen[0][:2]) <= 12 // factor + 4
    transforms.resized_crop(np.zeros((30, 40, 3), np.uint8), (39, 52), Box(0, 13, 0, 13))
    assert max(seen[1][:2]) <= 11
