"""The picture of an acquisition: where outlines and labels lie, also of a large image in a small tile."""

import numpy as np
import pytest

from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.visualization.panels import BAR, GAP
from mmseg.visualization.pictures.acquisition import OUTLINE, SMALLEST, SPECK, draw_acquisition, outlined, with_labels

WHITE = np.full((40, 80, 3), 255, np.uint8)


def boxes(picture: np.ndarray, color) -> list[int]:
    """Top, bottom, left and right of the pixels of a colour, the last ones included."""
    rows, columns = np.nonzero((picture == color).all(2))
    return [rows.min(), rows.max(), columns.min(), columns.max()]


def test_a_region_is_outlined():
    drawn = outlined(WHITE, np.array([[10, 20]]), 4, (40, 80))
    assert boxes(drawn, OUTLINE) == [6, 14, 16, 24] and (drawn[7:14, 17:24] == 255).all() and (WHITE == 255).all()


@pytest.mark.parametrize("radius", [0, 1])
def test_a_small_region_of_a_large_image_is_seen(radius):
    """Twenty pixels of the image are one of the tile."""
    top, bottom, left, right = boxes(outlined(WHITE, np.array([[405, 805]]), radius, (800, 1600)), OUTLINE)
    assert top < 20 < bottom and left < 40 < right and bottom - top + 1 in (SMALLEST, SMALLEST + 1)


def test_at_the_border_an_outline_is_cut():
    drawn = outlined(WHITE, np.array([[0, 0], [39, 79]]), 3, (40, 80))
    assert boxes(drawn, OUTLINE) == [0, 39, 0, 79] and drawn.shape == WHITE.shape


def test_labels_have_their_colours():
    label = np.full((800, 1600), 255, np.uint8)
    label[400, 800], label[0, 0] = 3, 7
    drawn = with_labels(WHITE, label, PALETTE)
    assert boxes(drawn, PALETTE[3]) == [19, 21, 39, 41] and SPECK == 3
    assert boxes(drawn, PALETTE[7]) == [0, 1, 0, 1] and (drawn != 255).any(2).sum() == 9 + 4
    assert np.array_equal(with_labels(WHITE, np.full_like(label, 255), PALETTE), WHITE)


def test_the_whole_picture():
    generator = np.random.default_rng(0)
    image, score = generator.integers(0, 255, (64, 128, 3), np.uint8), generator.random((64, 128), np.float32)
    score[:8] = -np.inf
    label = np.full((64, 128), 255, np.uint8)
    label[30:33, 30:33] = 5
    picks = np.array([[31, 31], [50, 100]])
    panel = draw_acquisition(image, score, picks, label, PALETTE, radius=1, tile_height=64)
    assert panel.dtype == np.uint8 and panel.shape[0] == GAP + 2 * (BAR + 64 + GAP)
    assert np.array_equal(panel[GAP + BAR : GAP + BAR + 64, GAP : GAP + 128], image)
    assert (panel == OUTLINE).all(2).any() and (panel == PALETTE[5]).all(2).any()
    with_names = draw_acquisition(image, score, picks, label, PALETTE, radius=1, names=CLASSES, tile_height=64)
    assert np.array_equal(with_names[: len(panel)], panel) and len(with_names) > len(panel)


@pytest.mark.parametrize("score", [np.full((8, 16), -np.inf, np.float32), np.zeros((8, 16), np.float32), np.full((8, 16), np.nan)])
def test_a_score_without_any_range(score):
    """Exhausted, constant, ruined: nothing of it is bright."""
    image, label = np.zeros((8, 16, 3), np.uint8), np.full((8, 16), 255, np.uint8)
    panel = draw_acquisition(image, score, np.zeros((0, 2), int), label, PALETTE, radius=1, tile_height=64)
    column = panel.shape[1] // 2 + GAP
    tile = panel[GAP + BAR : GAP + BAR + 64, column : column + 64]
    assert tile.max() < 100
