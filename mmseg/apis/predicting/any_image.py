"""An image of a user in any form that Python has for one, as an array."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from torch import Tensor

from mmseg.datasets.reading.image_files import read_image
from mmseg.datasets.reading.value_range import ValueRange
from mmseg.utils.errors import UserError

Picture = str | Path | Image.Image | np.ndarray | Tensor
"""What :func:`read_rgb` takes for an image."""
GIVE = "Give a file, a PIL image, an array RGB [H, W, 3] or a tensor RGB [3, H, W], uint8 or floats from 0 to 1, or a list of them."


def read_rgb(image: Picture, *, bgr: bool = False, values: ValueRange | None = None) -> np.ndarray:
    """An image in any form as uint8 RGB [H, W, 3].

    Files are read with ``values``, see :func:`mmseg.datasets.reading.image_files.read_image`.

    Raises:
        UserError: the file cannot be read, or the image is something else.
    """
    if isinstance(image, (str, os.PathLike)):
        return np.ascontiguousarray(read_image(Path(image), values)[..., ::-1])
    if isinstance(image, Image.Image):
        return _pil_rgb(image)
    if isinstance(image, Tensor):
        if image.ndim != 3 or image.shape[0] != 3:
            raise UserError(f"The image is a tensor of shape {tuple(image.shape)}. {GIVE}")
        pixels = image.detach().cpu().permute(1, 2, 0)
        image = (pixels.float() if pixels.is_floating_point() else pixels).numpy()
    if not isinstance(image, np.ndarray):
        why = "None, which OpenCV returns for a file that it cannot read" if image is None else f"of type {type(image).__name__}"
        raise UserError(f"The image is {why}. {GIVE}")
    pixels = _grey_levels(image)
    return np.ascontiguousarray(pixels[..., ::-1] if bgr else pixels)


def _pil_rgb(image: Image.Image) -> np.ndarray:
    """uint8 RGB [H, W, 3], upright; modes of more than 8 bits have no range that is known."""
    if image.mode[0] in "IF":  # I, I;16, F
        raise UserError(f"The PIL image has the mode {image.mode}, more than 8 bits of an unknown range. Give floats from 0 to 1.")
    if not image.width or not image.height:
        raise UserError(f"The PIL image is empty, {image.width}x{image.height}. {GIVE}")
    return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def _grey_levels(image: np.ndarray) -> np.ndarray:
    """uint8 RGB [H, W, 3] of the same or of floats in [0, 1]."""
    floats = np.issubdtype(image.dtype, np.floating)
    if image.ndim != 3 or image.shape[2] != 3 or not image.size or not (floats or image.dtype == np.uint8):
        raise UserError(f"The image is an array of {image.dtype} {image.shape}. {GIVE}")
    if not floats:
        return image
    low, high = float(image.min()), float(image.max())
    if not (low >= 0 and high <= 1):  # NaN as well
        raise UserError(f"The image holds floats from {low:g} to {high:g}, not from 0 to 1. Divide them by their range, or give uint8.")
    return (image.astype(np.float32) * 255).round().astype(np.uint8)
