"""Layout of panels and legends."""

import numpy as np
import pytest

from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.visualization.panels import BAR, GAP, WIDEST, draw_panel, legend, scale_tile, stack, text_width


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def test_tiles_stand_unchanged_below_their_captions():
    tiles = [[picture(100, 120, 1), picture(100, 130, 2)], [picture(100, 120, 3)]]
    panel = draw_panel([[("a", tile) for tile in row] for row in tiles], tile_height=100)
    step = BAR + 100 + GAP
    assert panel.shape == (GAP + 2 * step, GAP + 120 + GAP + 130 + GAP, 3)
    top = GAP + BAR
    assert np.array_equal(panel[top : top + 100, GAP : GAP + 120], tiles[0][0])
    assert np.array_equal(panel[top : top + 100, 2 * GAP + 120 : 2 * GAP + 250], tiles[0][1])
    assert np.array_equal(panel[top + step : top + step + 100, GAP : GAP + 120], tiles[1][0])
    assert (panel[top + step - BAR :, 2 * GAP + 120 :] == 255).all(), "where a row is shorter, the panel stays white"
    assert (panel[:, :GAP] == 255).all() and (panel[:GAP] == 255).all()


def test_captions_are_drawn_and_differ():
    bars = [draw_panel([[(caption, picture(64, 300))]], tile_height=64)[GAP : GAP + BAR] for caption in ("", "source", "target")]
    dark = [(bar.max(axis=2) < 100).sum() for bar in bars]
    assert dark[0] == 0 and min(dark[1:]) > 50
    assert not np.array_equal(bars[1], bars[2])


def test_a_long_caption_widens_its_column():
    caption = "a caption that is much longer than its tile"
    panel = draw_panel([[(caption, picture(32, 32))]], tile_height=32)
    assert panel.shape[1] >= text_width(caption) + 2 * GAP


def test_small_tiles_get_larger_pixels_without_new_colours():
    small = picture(3, 5)
    large = scale_tile(small, 12)
    assert np.array_equal(large, small.repeat(4, axis=0).repeat(4, axis=1))


def test_large_tiles_are_averaged():
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (scale_tile(stripes, 4) == 100).all()


@pytest.mark.parametrize("width", [200, 1600])
def test_a_legend_shows_every_colour_within_its_width(width):
    strip = legend(PALETTE, CLASSES, width=width)
    colours = {tuple(colour) for colour in strip.reshape(-1, 3).tolist()}
    assert strip.shape[1] == width
    assert colours.issuperset(PALETTE)
    assert (strip[:, -2:] == 255).all(), "nothing is cut off at the right"


def test_a_stack_is_as_wide_as_its_widest_picture():
    first, second = picture(4, 6, 1), picture(3, 9, 2)
    result = stack([first, second])
    assert result.shape == (4 + GAP + 3 + GAP, 9, 3)
    assert np.array_equal(result[:4, :6], first) and (result[:4, 6:] == 255).all()
    assert np.array_equal(result[4 + GAP : 7 + GAP], second)


def test_a_strip_does_not_fill_the_memory():
    """One of 2x5000 pixels would be 400,000 wide at a height of 160."""
    assert scale_tile(picture(2, 5000), 160).shape == (160, WIDEST * 160, 3)
    assert scale_tile(picture(10, 160), 20).shape == (20, 320, 3)
