"""From what networks use to what people look at: colours of labels, photos, heat maps.

Letters: (H, W) size of the picture, K classes.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from mmseg.utils.storage.files import write_bytes

Palette = Sequence[tuple[int, int, int]]
"""RGB by train id, at most 255 entries."""


def color_table(palette: Palette) -> np.ndarray:
    """RGB of every train id, uint8 [256, 3]; black for 255 and for ids beyond the palette.

    Black rather than a grey: the palette of Cityscapes has a dark grey of its own (building).
    """
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = palette
    return table


def colorize_labels(label: np.ndarray, palette: Palette) -> np.ndarray:
    """Paints train ids uint8 [H, W] as RGB uint8 [H, W, 3]; see :func:`color_table`."""
    return color_table(palette)[label]


def denormalize(image: np.ndarray, mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """Undoes the normalisation of a network's input.

    Args:
        image: float [3, H, W], (grey level - mean) / std.
        mean, std: RGB statistics in grey levels 0..255.

    Returns:
        uint8 RGB [H, W, 3], rounded; jitter beyond the range is clipped.
    """
    grey = image.transpose(1, 2, 0) * np.asarray(std) + np.asarray(mean)
    return grey.round().clip(0, 255).astype(np.uint8)


def heat(values: np.ndarray) -> np.ndarray:
    """Paints [H, W] in [0, 1] with viridis, dark blue (0, and NaN) to yellow (1): uint8 RGB [H, W, 3].

    Equal steps of the value look like equal steps of lightness, which rainbow maps lack.
    """
    grey = (np.nan_to_num(values) * 255).round().clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)


def overlay(image: np.ndarray, colors: np.ndarray, opacity: float) -> np.ndarray:
    """Lays colours over a photo.

    Args:
        image, colors: uint8 RGB [H, W, 3].
        opacity: share of ``colors`` in [0, 1].

    Returns:
        uint8 RGB [H, W, 3].
    """
    return (image * (1 - opacity) + colors * opacity).round().astype(np.uint8)


def write_palette_png(path: str | os.PathLike, label: np.ndarray, palette: Palette) -> None:
    """Writes train ids as an 8-bit palette PNG: viewers show colours, readers get the ids.

    Args:
        path: the file; its suffix is .png.
        label: uint8 [H, W].
        palette: RGB by train id.

    Raises:
        ValueError: ``label`` is not uint8 [H, W].
        UserError: the folder is read-only or the disk is full.
    """
    if label.dtype != np.uint8 or label.ndim != 2:
        raise ValueError(f"write_palette_png got {label.dtype} {label.shape}. Give train ids as uint8 [H, W].")
    write_bytes(path, palette_png(label, palette))


def palette_png(label: np.ndarray, palette: Palette) -> bytes:
    """The bytes of the file that :func:`write_palette_png` writes."""
    picture = Image.fromarray(label)
    picture.putpalette(color_table(palette).tobytes())
    encoded = io.BytesIO()
    picture.save(encoded, format="PNG")
    return encoded.getvalue()
