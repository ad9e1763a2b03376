"""Photographs of one's own: from the bytes that a browser sends to pictures that it shows. Nothing is written to a disk.

Letters: (H, W) size of the photograph.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from mmseg.apis.viewing.files import KINDS
from mmseg.apis.viewing.pictures import predicted_pictures, small
from mmseg.datasets.base import image_values
from mmseg.datasets.reading.encoded import Encoded
from mmseg.datasets.reading.value_range import ValueRange
from mmseg.models.uda import UDAMethod
from mmseg.utils.errors import BadFileError, naming

WIDEST = 2048
"""Pixels of the longer side that is predicted: a photograph of a telephone has twice as many, and takes four times the memory."""
MAX_PIXELS = 1 << 26
"""Of a photograph that is decoded."""
PHOTO = Path("The photograph")
"""What errors call it."""
TYPES = {".jpg": "image/jpeg", ".png": "image/png"}


def decode_photo(data: bytes, values: ValueRange | None = None) -> np.ndarray:
    """An image file of any format as uint8 RGB [H, W, 3], upright, its longer side at most :data:`WIDEST`.

    Args:
        data: content of the file.
        values: of an image of more than 8 bits, those that become 0 and 255; None refuses such an image.

    Raises:
        BadFileError: it is no image, damaged, of a kind that is not read, or has more pixels than :data:`MAX_PIXELS`.
    """
    file = Encoded.of(PHOTO, data)
    height, width = file.header.size
    if height * width > MAX_PIXELS:
        raise BadFileError(f"{PHOTO} has {width}x{height} pixels, more than {MAX_PIXELS} altogether. Make it smaller.")
    return small(cv2.cvtColor(replace(file, values=values).color(), cv2.COLOR_BGR2RGB), cv2.INTER_AREA, WIDEST)


def predict_photo(model: UDAMethod, data: bytes) -> dict:
    """Predicts a photograph.

    Args:
        model: of :func:`mmseg.apis.init_model`.
        data: an image file.

    Returns:
        ready for JSON: ``pictures``, data addresses by kind; ``confidence``, percent, mean over its pixels.

    Raises:
        BadFileError: see :func:`decode_photo`; or it is too small for the network.
    """
    photo = decode_photo(data, image_values(model.cfg.val_dataloader.dataset))
    with naming(PHOTO):
        prediction, pictures = predicted_pictures(model, photo)
    addresses = {kind: f"data:{TYPES[KINDS[kind].suffix]};base64,{base64.b64encode(file).decode()}" for kind, file in pictures.items()}
    return {"pictures": addresses, "confidence": 100 * float(prediction.confidence.mean())}
