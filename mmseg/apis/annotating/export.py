"""What people need to label a round: images, regions as a table and as pictures, and templates to draw on.

Letters: (H, W) native size of an image.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mmseg.apis.annotating.waiting import WaitingRound
from mmseg.datasets.annotating.oracle import ASKED
from mmseg.datasets.annotating.rounds import Picks, as_array
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import read_bytes
from mmseg.engine.annotating.picking import asked_now
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import write_bytes, write_text
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.space import SpaceWatch
from mmseg.visualization import write_palette_png
from mmseg.visualization.colorize import Palette

LABELS = "labels"
"""Folder of the templates, which people draw on."""
WHITE = (255, 255, 255)
MARK = (0, 255, 255)  # yellow, BGR
GAP = 2
"""Pixels between a region and the frame around it."""


def template(asked: np.ndarray) -> np.ndarray:
    """What people draw on: :data:`ASKED` where a label is asked for, 255 elsewhere; bool [H, W] -> uint8 [H, W]."""
    return np.where(asked, np.uint8(ASKED), np.uint8(IGNORE))


def template_palette(palette: Palette) -> list[tuple[int, int, int]]:
    """The colours of the classes; white for what is asked for."""
    return [*map(tuple, palette), *[(0, 0, 0)] * (ASKED - len(palette)), WHITE]


def marked(photo: np.ndarray, picks: Picks) -> np.ndarray:
    """A photo, uint8 BGR [H, W, 3], with a frame around each region or pixel."""
    picture, distance = photo.copy(), picks["radius"] + GAP
    for row, column in picks["picks"]:
        cv2.rectangle(picture, (column - distance, row - distance), (column + distance, row + distance), MARK)
    return picture


def regions(name: str, picks: Picks) -> Iterator[list]:
    """A row for each region of an image: its middle, and its first and last rows and columns."""
    last = np.array(picks["size"]) - 1
    for pick in as_array(picks):
        top, left = np.maximum(pick - picks["radius"], 0)
        bottom, right = np.minimum(pick + picks["radius"], last)
        yield [name, *map(int, (*pick, top, left, bottom, right))]


def export(waiting: WaitingRound, out: Path) -> int:
    """Writes ``images/``, ``labels/`` (the templates), ``marked/``, ``regions.csv`` and ``classes.csv``; returns the number of images.

    Args:
        waiting: the round.
        out: a new or an empty folder.

    Raises:
        UserError: the folder holds something, an image is broken, or the disk is full.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out} holds something already. Choose a new folder.")
    watch = SpaceWatch(out, len(waiting.stems))
    rows = [["image", "row", "column", "top", "left", "bottom", "right"]]
    for index, stem in progress(list(enumerate(waiting.stems)), "Exporting"):
        picks, path = waiting.folder.read_picks(stem), waiting.images.path(index)
        photo = waiting.images.read(index)
        if list(photo.shape[:2]) != picks["size"]:
            raise UserError(f"{path} has another size than when it was asked about. Put back the image of the training.")
        write_bytes(out / "images" / f"{stem}{path.suffix}", read_bytes(path))
        asked = asked_now(waiting.folder, stem, picks)
        write_palette_png(out / LABELS / f"{stem}.png", template(asked), template_palette(waiting.palette))
        write_image(out / "marked" / f"{stem}.png", marked(photo, picks))
        rows += regions(waiting.images.names[index], picks)
        watch.step()
    classes = [[index, name, *waiting.palette[index]] for index, name in enumerate(waiting.classes)]
    classes += [[ASKED, "to be labelled", *WHITE], [IGNORE, "no class, or not asked for", 0, 0, 0]]
    write_text(out / "classes.csv", as_csv([["id", "class", "red", "green", "blue"], *classes]))
    write_text(out / "regions.csv", as_csv(rows))
    return len(waiting.stems)


def as_csv(rows: list[list]) -> str:
    """Rows as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
