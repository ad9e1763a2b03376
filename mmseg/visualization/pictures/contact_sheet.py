"""A contact sheet: some images of every split of the data, with their labels over them and their names.

Letters: (H, W) native size of an image; all pictures are uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from mmseg.visualization.colorize import Palette, colorize_labels, overlay
from mmseg.visualization.panels import BAR, GAP, INK, WHITE, Tile, caption_font, draw_panel, fitted, legend, scale_tile, stack

TILE_HEIGHT = 200  # pixels
OPACITY = 0.5  # of the labels over the photos
LEAST_WIDTH = 900  # pixels: titles and legend can be read above a single small image


@dataclass(frozen=True)
class SheetImage:
    """One image of a split.

    Attributes:
        name: of the file.
        image: [H, W, 3].
        label: uint8 [H, W], train ids and 255; None where there is none.
    """

    name: str
    image: np.ndarray
    label: np.ndarray | None = None


@dataclass(frozen=True)
class Section:
    """One split.

    Attributes:
        title: the line above its images.
        palette: of its labels.
        images: the first row are the photos, the second those with a label under the label's colours.
    """

    title: str
    palette: Palette
    images: Sequence[SheetImage]


def contact_sheet(sections: Sequence[Section], *, palette: Palette, names: Sequence[str]) -> np.ndarray:
    """All sections below each other, and a legend of the classes.

    Args:
        sections: splits; one without images gets its title only.
        palette, names: K colours and names for the legend.

    Returns:
        [height, width, 3].
    """
    panels = [draw_panel(section_rows(section), tile_height=TILE_HEIGHT) if section.images else None for section in sections]
    width = max([LEAST_WIDTH, *(panel.shape[1] for panel in panels if panel is not None)])
    pictures = []
    for section, panel in zip(sections, panels, strict=True):
        pictures.append(title_bar(section.title, width))
        pictures += [] if panel is None else [panel]
    return stack([*pictures, legend((*palette, (0, 0, 0)), (*names, "ignored"), width=width)])


def section_rows(section: Section) -> list[list[Tile]]:
    """The photos, and below them the same with the colours of their labels where any has one."""
    photos = [scale_tile(entry.image, TILE_HEIGHT) for entry in section.images]
    first = [(fitted(entry.name, photo.shape[1] - 2 * GAP), photo) for entry, photo in zip(section.images, photos, strict=True)]
    if all(entry.label is None for entry in section.images):
        return [first]
    return [first, [labelled_tile(entry, photo, section.palette) for entry, photo in zip(section.images, photos, strict=True)]]


def labelled_tile(entry: SheetImage, photo: np.ndarray, palette: Palette) -> Tile:
    """A photo under the colours of its label; grey stands for a label that could not be read."""
    if entry.label is None:
        return "no label", np.full_like(photo, 128)
    colors = scale_tile(colorize_labels(entry.label, palette), TILE_HEIGHT)
    return f"{entry.label.shape[1]}x{entry.label.shape[0]}, {len(np.setdiff1d(entry.label, 255))} classes", overlay(photo, colors, OPACITY)


def title_bar(text: str, width: int) -> np.ndarray:
    """A line of text on white: [., width, 3]."""
    canvas = Image.new("RGB", (width, BAR), WHITE)
    ImageDraw.Draw(canvas).text((GAP, BAR // 2), fitted(text, width - 2 * GAP), fill=INK, font=caption_font(), anchor="lm")
    return np.array(canvas)
