"""Writing what a network predicts: one file per image, named like the image, and no file for two images.

Letters: (H, W) native size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import ImageFiles, read_image
from mmseg.datasets.reading.value_range import ValueRange
from mmseg.datasets.several import SeveralImageFiles
from mmseg.utils.errors import UserError, one_line
from mmseg.utils.storage.images import write_image
from mmseg.visualization import colorize_labels, overlay, write_palette_png
from mmseg.visualization.colorize import Palette

Writer = Callable[[str, np.ndarray, np.ndarray | None], None]
"""Takes the path of an image, its prediction, train ids uint8 [H, W], and, where asked for, its confidence, float32 [H, W] in [0, 1]."""


Files = Mapping[str, Path]
"""The file of each prediction, by the path of its image."""


def result_files(folder: Path, images: ImageFiles | SeveralImageFiles, *, flat: bool = False) -> dict[str, Path]:
    """Where the predictions of some images go.

    Args:
        folder: for all of them.
        images: of a data set.
        flat: all in that folder itself, as test servers take them; else below the sub-folder of their image.

    Raises:
        UserError: two images would have one file.
    """
    paths = [images.path(index) for index in range(len(images))]
    names = [png_name(name) if flat else str(PurePosixPath(name).with_suffix(".png")) for name in images.names]
    owners: dict[str, Path] = {}
    for path, name in zip(paths, names, strict=True):
        if flat and name != one_line(name):
            raise UserError(f"No test server takes a prediction of the name {name}, which is not UTF-8 or no single line. Rename {path}.")
        other = owners.setdefault(name, path)
        if other != path:
            fix = "Rename one of them" + (", or use --show-dir, which keeps the sub-folders." if flat else ".")
            raise UserError(f"Predictions of {other} and {path} would both be written to {folder / name}. {fix}")
    return {str(path): folder / name for path, name in zip(paths, names, strict=True)}


def png_name(image: str | Path) -> str:
    """Name by which a test server finds the prediction of an image."""
    return f"{Path(image).stem}.png"


def palette_writer(files: Files, palette: Palette) -> Writer:
    """Train ids as palette PNG."""
    return lambda image, prediction, _: write_palette_png(files[image], prediction, palette)


def overlay_writer(files: Files, palette: Palette, opacity: float, values: ValueRange | None) -> Writer:
    """Colours over the photo, which is read with ``values``; ``opacity`` is their share in [0, 1]."""

    def write(image: str, prediction: np.ndarray, _: np.ndarray | None) -> None:
        colors = colorize_labels(prediction, palette)[..., ::-1]  # BGR like the photo
        write_image(files[image], overlay(read_image(Path(image), values), colors, opacity))

    return write


def label_id_writer(files: Files, palette: Palette, label_ids: Sequence[int]) -> Writer:
    """Raw label ids of the data set, as its test server takes them, coloured for viewers.

    Args:
        files: that are written.
        palette: RGB by train id.
        label_ids: raw id of each train id.
    """
    raw_ids = np.full(256, IGNORE, np.uint8)
    raw_ids[: len(label_ids)] = label_ids
    raw_palette = [(0, 0, 0)] * (max(label_ids) + 1)
    for raw, color in zip(label_ids, palette, strict=True):
        raw_palette[raw] = color
    return lambda image, prediction, _: write_palette_png(files[image], raw_ids[prediction], raw_palette)


def train_id_writer(files: Files) -> Writer:
    """Train ids as grey 8-bit PNG."""
    return lambda image, prediction, _: write_image(files[image], prediction)
