"""Crop arithmetic in closed form.

Letters: B images, K channels, (H, W) image, (h, w) window.
"""

from fractions import Fraction

import pytest
import torch

from mmseg.structures import Box, blend_windows, crop_windows, full_box, sliding_boxes


def coverage(boxes: list[Box], height: int, width: int) -> torch.Tensor:
    count = torch.zeros(height, width, dtype=torch.int64)
    for box in boxes:
        count[box.slices] += 1
    return count


def test_a_box_is_half_open():
    box = Box(2, 5, 1, 3)
    assert (box.height, box.width) == (3, 2)
    image = torch.arange(48).view(6, 8)
    assert torch.equal(box.crop(image), image[2:5, 1:3])
    assert box.crop(image).shape == image[box.slices].shape


@pytest.mark.parametrize("corners", [(3, 3, 0, 1), (0, 1, 4, 2), (-1, 1, 0, 1)])
def test_empty_or_negative_boxes_are_refused(corners):
    with pytest.raises(ValueError, match="empty or starts outside"):
        Box(*corners)


def test_a_crop_outside_the_image_is_refused():
    with pytest.raises(ValueError, match="does not lie inside"):
        Box(0, 7, 0, 8).crop(torch.zeros(6, 8))


def test_rescaling_is_exact():
    assert Box(8, 24, 16, 40).rescaled(Fraction(1, 8)) == Box(1, 3, 2, 5)
    assert Box(1, 3, 2, 5).rescaled(8) == Box(8, 24, 16, 40)
    assert Box(3, 6, 0, 9).rescaled(1 / 3) == Box(1, 2, 0, 3)


@pytest.mark.parametrize("corners", [(4, 24, 16, 40), (8, 24, 16, 42)])
def test_rescaling_off_the_pixels_is_refused(corners):
    with pytest.raises(ValueError, match="Use a crop size and offset divisible by 8"):
        Box(*corners).rescaled(0.125)


def test_truncating_moves_corners_up_and_left():
    assert Box(8, 24, 24, 56).truncated(Fraction(1, 16)) == Box(0, 1, 1, 3)
    assert Box(5, 21, 7, 23).truncated(0.75) == Box(3, 15, 5, 17)


def test_truncating_changes_nothing_on_whole_pixels():
    assert Box(8, 24, 16, 40).truncated(Fraction(1, 8)) == Box(8, 24, 16, 40).rescaled(Fraction(1, 8))
    assert Box(3, 6, 0, 9).truncated(1 / 3) == Box(1, 2, 0, 3)


def test_truncating_to_nothing_is_refused():
    with pytest.raises(ValueError, match="empty"):
        Box(0, 16, 2, 14).truncated(Fraction(1, 16))


def test_windows_of_the_paper():
    """HRDA, section 3.4: 512x512 windows with stride 256 over a 1024x1024 crop, row by row."""
    boxes = sliding_boxes(1024, 1024, (512, 512), (256, 256))
    assert [(box.y1, box.x1) for box in boxes] == [(y, x) for y in (0, 256, 512) for x in (0, 256, 512)]


@pytest.mark.parametrize(
    ("size", "window", "stride"),
    [((7, 11), (3, 4), (2, 3)), ((8, 8), (4, 4), (4, 4)), ((5, 9), (5, 2), (1, 2)), ((3, 4), (8, 8), (4, 4)), ((9, 6), (4, 8), (4, 8))],
)
def test_windows_cover_the_image_and_stay_inside(size, window, stride):
    boxes = sliding_boxes(*size, window, stride)
    assert coverage(boxes, *size).min() >= 1  # a box that left the image would raise or shrink
    expected = (min(window[0], size[0]), min(window[1], size[1]))
    assert all((box.height, box.width) == expected and box.y2 <= size[0] and box.x2 <= size[1] for box in boxes)
    assert len(boxes) == len(set(boxes))


def test_the_last_window_is_shifted_inwards():
    assert [box.x1 for box in sliding_boxes(4, 10, (4, 4), (4, 4))] == [0, 4, 6]


def test_blending_is_a_partition_of_unity():
    boxes = sliding_boxes(7, 11, (3, 4), (2, 3))
    assert coverage(boxes, 7, 11).max() > 1
    image = torch.randn(2, 3, 7, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(blend_windows(crop_windows(image, boxes), boxes, 7, 11), image, rtol=0, atol=1e-12)


def test_blending_takes_the_mean_of_overlapping_windows():
    boxes = [Box(0, 1, 0, 3), Box(0, 1, 1, 4)]
    windows = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1).expand(2, 1, 1, 3)
    assert blend_windows(windows, boxes, 1, 4).flatten().tolist() == [1, 2, 2, 3]


def test_windows_are_cut_window_by_window():
    image = torch.arange(2 * 4).view(2, 1, 1, 4)
    boxes = [Box(0, 1, 0, 2), Box(0, 1, 2, 4)]
    assert crop_windows(image, boxes).flatten(1).tolist() == [[0, 1], [4, 5], [2, 3], [6, 7]]


def test_gaps_between_windows_are_refused():
    boxes = [Box(0, 2, 0, 2), Box(0, 2, 3, 5)]
    with pytest.raises(ValueError, match="do not cover"):
        blend_windows(torch.zeros(2, 1, 2, 2), boxes, 2, 5)


def test_coverage_is_checked_without_reading_the_device():
    windows = torch.zeros(2, 1, 2, 3, device="meta")
    assert blend_windows(windows, [Box(0, 2, 0, 3), Box(0, 2, 2, 5)], 2, 5).shape == (1, 1, 2, 5)
    with pytest.raises(ValueError, match="do not cover"):
        blend_windows(windows, [Box(0, 2, 0, 3), Box(0, 2, 0, 3)], 2, 5)


def test_full_box():
    assert full_box(3, 5) == Box(0, 3, 0, 5)
