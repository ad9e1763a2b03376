"""Images as whole files."""

from __future__ import annotations

import os

import cv2
import numpy as np

from mmseg.utils.storage.files import atomic_path


def write_image(path: str | os.PathLike, image: np.ndarray) -> None:
    """Writes an image atomically with OpenCV (BGR [H, W, 3] or grey [H, W], uint8 or uint16)."""
    with atomic_path(path) as temporary:
        done, encoded = cv2.imencode(temporary.suffix, image)  # OpenCV itself would not write to a name that is not UTF-8
        if not done:
            raise OSError(f"OpenCV could not encode {path}")
        temporary.write_bytes(encoded.data)
