"""Encoded images as arrays.

Letters: (H, W) native size.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np
from kornia_rs.io import decode_image_png_u8

COLOR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION  # labels carry no orientation either
UNCHANGED = cv2.IMREAD_UNCHANGED
_FAST = {COLOR: {2: "rgb"}, UNCHANGED: {0: "mono", 2: "rgb"}}  # the colour types of a PNG that OpenCV would not convert


def decode(data: bytes, mode: int) -> np.ndarray | None:
    """Decodes a whole file.

    Args:
        data: content of the file.
        mode: :data:`COLOR` for uint8 [H, W, 3], :data:`UNCHANGED` for the channels and bits that the file has.

    Returns:
        channel order BGR(A); None if the file is unreadable.
    """
    image = _decode_plain_png(data, _FAST[mode])
    return cv2.imdecode(np.frombuffer(data, np.uint8), mode) if image is None else image


def _decode_plain_png(data: bytes, modes: dict[int, str]) -> np.ndarray | None:
    """An 8-bit PNG without transparency, as nearly all images and labels are: the values of OpenCV in half the time.

    Returns:
        uint8 [H, W] or BGR [H, W, 3]; None leaves the file to OpenCV, broken ones included.
    """
    if len(data) < 26 or data[12:16] != b"IHDR":
        return None
    width, height, bits, color_type = struct.unpack_from(">IIBB", data, 16)
    header = data[: data.find(b"IDAT")]
    if bits != 8 or color_type not in modes or b"tRNS" in header or b"acTL" in header:
        return None
    try:
        image = decode_image_png_u8(data, (height, width), modes[color_type])
    except Exception:  # the library raises nothing more specific
        return None
    return image[..., 0] if image.shape[2] == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
