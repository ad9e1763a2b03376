"""Pictures side by side, with captions, and a legend of the classes.

Letters: (H, W) size of a tile; all pictures are uint8 RGB [height, width, 3].
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmseg.visualization.colorize import Palette

FONT_SIZE = 15  # pixels
BAR = 24  # height of a caption bar
GAP = 8  # white between tiles and around the panel
WIDEST = 16  # a tile is at most so many times as wide as high
WHITE, BAR_COLOR, INK, SWATCH_EDGE = (255, 255, 255), (233, 236, 240), (28, 32, 38), (150, 150, 150)

Tile = tuple[str, np.ndarray]
"""A caption and a picture."""


@lru_cache(maxsize=1)
def caption_font() -> ImageFont.FreeTypeFont:
    """The font of all texts; part of Pillow, so that pictures look alike on every machine."""
    return ImageFont.load_default(size=FONT_SIZE)


def text_width(text: str) -> int:
    """Width of ``text`` in pixels."""
    return int(np.ceil(caption_font().getlength(text)))


def fitted(text: str, width: int) -> str:
    """The text, without its middle where it is wider than ``width`` pixels."""
    if text_width(text) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = f"{text[: kept // 2]}…{text[len(text) - kept + kept // 2 :]}"
        if text_width(short) <= width:
            return short
    return "…"


def scale_tile(picture: np.ndarray, height: int) -> np.ndarray:
    """Scales to ``height`` and keeps the aspect, of strips up to :data:`WIDEST`: [H, W, 3] -> [height, ., 3].

    Small pictures get larger pixels and no made-up colours in between; large ones are averaged, so that
    thin things do not vanish.
    """
    width = max(round(min(picture.shape[1] / picture.shape[0], WIDEST) * height), 1)
    method = cv2.INTER_NEAREST if height >= picture.shape[0] else cv2.INTER_AREA
    return cv2.resize(picture, (width, height), interpolation=method)


def draw_cell(caption: str, picture: np.ndarray, height: int) -> np.ndarray:
    """A tile of ``height`` below its caption bar; wide enough for both."""
    tile = scale_tile(picture, height)
    width = max(tile.shape[1], text_width(caption) + 2 * GAP)
    canvas = Image.new("RGB", (width, BAR + height), WHITE)
    canvas.paste(BAR_COLOR, (0, 0, width, BAR))
    ImageDraw.Draw(canvas).text((GAP, BAR // 2), caption, fill=INK, font=caption_font(), anchor="lm")
    cell = np.array(canvas)
    cell[BAR:, : tile.shape[1]] = tile
    return cell


def draw_panel(rows: Sequence[Sequence[Tile]], *, tile_height: int = 256) -> np.ndarray:
    """A grid of captioned tiles on white.

    Args:
        rows: the tiles of each row, from the left; rows may differ in length. A column is as wide as its widest tile.
        tile_height: height of all tiles in pixels, without the caption; pictures of another height are scaled.

    Returns:
        uint8 RGB [height, width, 3].
    """
    cells = [[draw_cell(caption, picture, tile_height) for caption, picture in row] for row in rows]
    columns = max(len(row) for row in cells)
    widths = [max(row[column].shape[1] for row in cells if column < len(row)) for column in range(columns)]
    lefts = np.cumsum([GAP, *(width + GAP for width in widths)])
    step = BAR + tile_height + GAP
    canvas = np.full((GAP + step * len(cells), lefts[-1], 3), WHITE, np.uint8)
    for number, row in enumerate(cells):
        for left, cell in zip(lefts, row, strict=False):
            top = GAP + number * step
            canvas[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return canvas


def legend(palette: Palette, names: Sequence[str], *, width: int = 1600) -> np.ndarray:
    """The colours of the classes beside their names, in as many lines as ``width`` needs.

    Args:
        palette: K colours.
        names: K names.
        width: width of the strip in pixels; a single entry may not be wider.

    Returns:
        uint8 RGB [., width, 3].
    """
    swatch = BAR - GAP
    places, x, y = [], GAP, 0
    for name in names:
        advance = 2 * swatch + text_width(name) + 3 * GAP
        if x > GAP and x + advance > width:
            x, y = GAP, y + BAR
        places.append((x, y))
        x += advance
    canvas = Image.new("RGB", (width, y + BAR + GAP), WHITE)
    draw = ImageDraw.Draw(canvas)
    for color, name, (x, y) in zip(palette, names, places, strict=True):
        top = y + GAP // 2
        draw.rectangle((x, top, x + 2 * swatch, top + swatch), fill=tuple(color), outline=SWATCH_EDGE)
        draw.text((x + 2 * swatch + GAP - 2, y + BAR // 2), name, fill=INK, font=caption_font(), anchor="lm")
    return np.array(canvas)


def stack(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures below each other with white between them, filled with white to the widest."""
    width = max(picture.shape[1] for picture in pictures)
    filled = [np.pad(p, ((0, GAP), (0, width - p.shape[1]), (0, 0)), constant_values=255) for p in pictures]
    return np.concatenate(filled)
