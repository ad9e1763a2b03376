"""Images as whole files."""

from __future__ import annotations

import os

import cv2
import numpy as np

from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import write_bytes
from mmseg.utils.storage.space import cannot_write


def write_image(path: str | os.PathLike, image: np.ndarray) -> None:
    """Writes an image atomically with OpenCV (BGR [H, W, 3] or grey [H, W], uint8 or uint16)."""
    done, encoded = cv2.imencode(os.path.splitext(path)[1], image)  # OpenCV itself would not write to a name that is not UTF-8
    if not done:
        raise UserError(cannot_write(path, OSError("OpenCV could not encode it")))
    write_bytes(path, encoded.data)
