"""Writing what a network predicts, one file per image, named like the image.

Letters: (H, W) native size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import read_image
from mmseg.utils.images import write_image
from mmseg.visualization import colorize_labels, overlay, write_palette_png
from mmseg.visualization.colorize import Palette

Writer = Callable[[str, np.ndarray], None]
"""Takes the path of an image and its prediction, train ids uint8 [H, W]."""


def png_name(image: str | Path) -> str:
    """Name of the file written for an image."""
    return f"{Path(image).stem}.png"


def palette_writer(folder: Path, palette: Palette) -> Writer:
    """Train ids as palette PNG."""
    return lambda image, prediction: write_palette_png(folder / png_name(image), prediction, palette)


def overlay_writer(folder: Path, palette: Palette, opacity: float) -> Writer:
    """Colours over the photo; ``opacity`` is their share in [0, 1]."""

    def write(image: str, prediction: np.ndarray) -> None:
        colors = colorize_labels(prediction, palette)[..., ::-1]  # BGR like the photo
        write_image(folder / png_name(image), overlay(read_image(Path(image)), colors, opacity))

    return write


def label_id_writer(folder: Path, palette: Palette, label_ids: Sequence[int]) -> Writer:
    """Raw label ids of the data set, as its test server takes them, coloured for viewers.

    Args:
        folder: receives the files.
        palette: RGB by train id.
        label_ids: raw id of each train id.
    """
    raw_ids = np.full(256, IGNORE, np.uint8)
    raw_ids[: len(label_ids)] = label_ids
    raw_palette = [(0, 0, 0)] * (max(label_ids) + 1)
    for raw, color in zip(label_ids, palette, strict=True):
        raw_palette[raw] = color
    return lambda image, prediction: write_palette_png(folder / png_name(image), raw_ids[prediction], raw_palette)


def train_id_writer(folder: Path) -> Writer:
    """Train ids as grey 8-bit PNG."""
    return lambda image, prediction: write_image(folder / png_name(image), prediction)
