"""Shared detail windows and chunks of windows, in closed form."""

import pytest

from mmseg.structures import Box, chunked, full_box, plan_windows, sliding_boxes, windows_per_pass


def plan(size, outer, outer_stride, inner, inner_stride):
    windows = sliding_boxes(*size, outer, outer_stride)
    return plan_windows(windows, sliding_boxes(windows[0].height, windows[0].width, inner, inner_stride))


@pytest.mark.parametrize(
    ("size", "stride", "detail_stride", "outer", "nested", "shared"),
    [
        ((1024, 2048), 512, 256, 3, 27, 21),  # Cityscapes as published: 3 x 7 places
        ((1024, 2048), 512, 512, 3, 12, 8),
        ((1024, 2048), 1024, 256, 2, 18, 18),  # outer windows side by side share nothing
        ((1024, 1024), 512, 256, 1, 9, 9),
        ((2048, 2048), 512, 256, 9, 81, 49),
        ((1080, 1920), 512, 256, 6, 54, 48),  # rows 0 256 512 and 56 312 568; columns 0 256 512, 512 768 1024 and 896 1152 1408
    ],
)
def test_counts_of_places(size, stride, detail_stride, outer, nested, shared):
    made = plan(size, (1024, 1024), (stride, stride), (512, 512), (detail_stride, detail_stride))
    assert (len(made.outer), made.nested, len(made.details)) == (outer, nested, shared)


@pytest.mark.parametrize("size", [(64, 96), (72, 104), (40, 200), (64, 64)])
def test_every_outer_window_finds_its_own_details(size):
    made = plan(size, (64, 64), (24, 32), (32, 32), (16, 16))
    assert len(set(made.details)) == len(made.details) and {index for used in made.used for index in used} == set(range(len(made.details)))
    for outer, used in zip(made.outer, made.used, strict=True):
        assert [made.details[index] for index in used] == [box.shifted(outer.y1, outer.x1) for box in made.inner]


def test_one_window_is_its_own_detail():
    made = plan_windows([full_box(8, 16)], [full_box(8, 16)])
    assert made.details == (Box(0, 8, 0, 16),) and made.used == ((0,),) and made.nested == 1


def test_a_shifted_box():
    assert Box(0, 2, 1, 4).shifted(10, 20) == Box(10, 12, 21, 24)


@pytest.mark.parametrize(
    ("images", "size", "pixels", "windows"),
    [(1, (512, 512), 2**21, 8), (2, (512, 512), 2**21, 4), (1, (1024, 1024), 2**21, 2), (3, (10, 10), 899, 2), (1, (512, 512), 1, 1)],
)
def test_windows_of_a_budget(images, size, pixels, windows):
    assert windows_per_pass(images, size, pixels) == windows


def test_chunks_keep_the_order():
    assert [list(some) for some in chunked(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunked([], 3)) == []
