"""Layout and content of contact sheets."""

import numpy as np
import pytest

from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.visualization.panels import fitted, text_width
from mmseg.visualization.pictures.contact_sheet import (
    LEAST_WIDTH,
    TILE_HEIGHT,
    Section,
    SheetImage,
    contact_sheet,
    labelled_tile,
    section_rows,
)

PHOTO = np.full((TILE_HEIGHT, 300, 3), 100, np.uint8)
LABEL = np.where(np.arange(300) < 150, 0, 255).astype(np.uint8) * np.ones((TILE_HEIGHT, 1), np.uint8)


def section(*images: SheetImage) -> Section:
    return Section("source: some data", PALETTE, images)


def test_labels_lie_over_the_photos():
    rows = section_rows(section(SheetImage("a.png", PHOTO, LABEL), SheetImage("b.png", PHOTO)))
    assert [len(row) for row in rows] == [2, 2] and [caption for caption, _ in rows[0]] == ["a.png", "b.png"]
    caption, tile = rows[1][0]
    assert caption == "300x200, 1 classes"
    assert tile[0, 0].tolist() == [114, 82, 114], "half of the photo, half of the colour of road"
    assert tile[0, 299].tolist() == [50, 50, 50], "what is ignored is black"
    assert rows[1][1][0] == "no label"


def test_photos_without_labels_are_one_row():
    assert len(section_rows(section(SheetImage("a.png", PHOTO)))) == 1


def test_small_labels_are_enlarged_with_their_photos():
    image = SheetImage("a.png", np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30), np.uint8))
    assert labelled_tile(image, np.zeros((TILE_HEIGHT, 300, 3), np.uint8), PALETTE)[1].shape == (TILE_HEIGHT, 300, 3)


def test_a_sheet_grows_with_its_sections():
    one, two = section(SheetImage("a.png", PHOTO, LABEL)), section(*[SheetImage(f"{n}.png", PHOTO) for n in range(4)])
    sheets = [contact_sheet(sections, palette=PALETTE, names=CLASSES) for sections in ([one], [one, two], [section()])]
    assert sheets[0].shape[1] == LEAST_WIDTH and sheets[1].shape[1] > 4 * 300
    assert sheets[1].shape[0] > sheets[0].shape[0] + TILE_HEIGHT > sheets[2].shape[0] + 2 * TILE_HEIGHT


@pytest.mark.parametrize("width", [40, 100, 150])
def test_a_text_that_is_too_long_keeps_its_ends(width):
    text = "frankfurt_000000_000294_leftImg8bit.png"
    short = fitted(text, width)
    assert text_width(short) <= width < text_width(text)
    first, last = short.split("…")
    assert text.startswith(first) and text.endswith(last) and abs(len(first) - len(last)) <= 1


def test_a_text_that_fits_is_kept():
    assert fitted("a.png", 100) == "a.png" and fitted("a.png", 1) == "…"
