"""Boxes, windows, crops and margins."""

from fractions import Fraction

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmseg.models.segmentors.detail_crop import draw_crop_box
from mmseg.models.uda.augmentation.cutmix import draw_cutmix_box
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels
from mmseg.models.uda.pseudo_labels.margins import ignore_rows
from mmseg.structures.box import Box, average_windows, crop_windows, sliding_boxes
from mmseg.structures.windows import plan_windows, windows_per_pass

SIDES = st.integers(1, 40)
STEPS = st.integers(1, 60)


@st.composite
def grids(draw) -> tuple[int, int, tuple[int, int], tuple[int, int]]:
    """Height, width, window and stride; a window may be larger than the image, a stride is not larger than the window."""
    window = (draw(STEPS), draw(STEPS))
    return draw(SIDES), draw(SIDES), window, (draw(st.integers(1, window[0])), draw(st.integers(1, window[1])))


@given(grids())
def test_windows_cover_every_pixel_and_none_outside(grid):
    height, width, window, stride = grid
    boxes = sliding_boxes(height, width, window, stride)
    covered = np.zeros((height, width), int)
    for box in boxes:
        assert box.y2 <= height and box.x2 <= width
        assert (box.height, box.width) == (min(window[0], height), min(window[1], width))
        covered[box.slices] += 1
    assert covered.min() >= 1 and len(set(boxes)) == len(boxes)


@given(grids(), st.integers(0, 2**31))
def test_windows_put_together_are_the_image(grid, seed):
    height, width, window, stride = grid
    image = torch.randint(0, 100, (2, 3, height, width), generator=torch.Generator().manual_seed(seed)).double()
    boxes = sliding_boxes(height, width, window, stride)
    windows = crop_windows(image, boxes).split(2)
    torch.testing.assert_close(average_windows(windows, boxes, height, width), image)


@given(st.tuples(SIDES, SIDES, SIDES, SIDES), st.integers(1, 64))
def test_a_box_comes_back_from_another_resolution(corners, ratio):
    top, height, left, width = corners
    box = Box(top, top + height, left, left + width)
    larger = box.rescaled(ratio)
    assert (larger.height, larger.width) == (box.height * ratio, box.width * ratio)
    assert larger.rescaled(Fraction(1, ratio)) == larger.rescaled(1 / ratio) == larger.truncated(1 / ratio) == box
    assert box.shifted(3, 4).shifted(-3, -4) == box


@given(grids(), st.data())
def test_details_are_looked_at_once_and_all_of_them(grid, data):
    height, width, window, stride = grid
    outer = sliding_boxes(height, width, window, stride)
    size = (outer[0].height, outer[0].width)
    detail = (data.draw(st.integers(1, size[0])), data.draw(st.integers(1, size[1])))
    plan = plan_windows(outer, sliding_boxes(*size, detail, detail))
    assert len(set(plan.details)) == len(plan.details) <= plan.nested
    for box, indices in zip(plan.outer, plan.used, strict=True):
        assert [plan.details[index] for index in indices] == [inner.shifted(box.y1, box.x1) for inner in plan.inner]


@given(st.integers(1, 8), SIDES, SIDES, st.integers(1, 10**6))
def test_a_pass_keeps_to_its_budget(images, height, width, pixels):
    count = windows_per_pass(images, (height, width), pixels)
    assert count == 1 or count * images * height * width <= pixels < (count + 1) * images * height * width


@given(st.integers(0, 2**31), SIDES, SIDES, st.integers(1, 16), st.data())
def test_a_detail_crop_lies_in_the_image(seed, height, width, divisible, data):
    crop = (data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    box = draw_crop_box(np.random.default_rng(seed), height, width, crop, divisible)
    assert (box.height, box.width) == crop and box.y2 <= height and box.x2 <= width
    assert box.y1 % divisible == box.x1 % divisible == 0


@given(st.integers(0, 2**31), st.integers(2, 200), st.integers(2, 200))
def test_a_cutmix_box_lies_in_the_image(seed, height, width):
    box = draw_cutmix_box(np.random.default_rng(seed), height, width)
    assert box.y2 <= height and box.x2 <= width


@given(SIDES, st.data())
def test_margins_lose_their_weight_and_nothing_else_does(height, data):
    top, bottom = data.draw(st.integers(0, height)), data.draw(st.integers(0, height))
    weights = torch.rand(2, height, 3, generator=torch.Generator().manual_seed(height)) + 0.1
    labels = torch.zeros(2, height, 3, dtype=torch.int64)
    left = ignore_rows(
        PseudoLabels(labels=labels, weights=weights, confidence=weights, confident_share=torch.ones(())), top, bottom
    ).weights
    rows = torch.arange(height)
    inside = (rows >= top) & (rows < height - bottom)
    assert torch.equal(left[:, inside], weights[:, inside]) and not left[:, ~inside].any()
