"""Encoded images as arrays.

Letters: (H, W) native size, upright.
"""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
from kornia_rs.io import decode_image_jpegturbo, decode_image_png_u8
from PIL import Image

from mmseg.datasets.reading.headers import BMP, JPEG, PNG, TIFF, WEBP, Header, UnreadableError, quiet_pillow

# The orientation is applied here, whatever OpenCV knows of the format; it turns TIFFs alone by itself.
_COLOR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
LABEL_FORMATS = (PNG, TIFF, BMP, "GIF", WEBP)
"""Formats that can hold whole numbers exactly; others stretch them, or nobody has asked for them."""

_UNCHANGED = cv2.IMREAD_UNCHANGED
_GREY = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
_IDS = {"P": np.uint8, "L": np.uint8, "1": np.uint8, "I;16": np.uint16, "I;16L": np.uint16, "I;16B": np.uint16, "I": np.int64}

# Files that cannot be decoded are named by us, in one line. OpenCV 4 has the function at its top, OpenCV 5 in a module; 0 is silence.
(cv2.setLogLevel if hasattr(cv2, "setLogLevel") else cv2.utils.logging.setLogLevel)(0)


class FormatError(ValueError):
    """A whole file of a kind that is not read; the text ends a sentence "the file is …"."""


def decode_color(data: bytes, header: Header) -> np.ndarray:
    """An image of 8 bits or less: uint8 BGR [H, W, 3], upright; transparency is left out.

    Raises:
        UnreadableError: it is damaged.
        FormatError: it has other bands than grey or colour.
    """
    if header.bands not in (1, 3) and not header.cmyk:
        raise FormatError(f"{header.named}, not one of grey or RGB")
    if header.plain and header.bands == 3:
        image = _quick_png(data, header)
        if image is not None:
            return turned(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), header)
    if header.format == TIFF:  # OpenCV darkens what is transparent, and takes 1 and 8 bits only
        return cv2.cvtColor(_pillow(data, "RGB"), cv2.COLOR_RGB2BGR)
    return turned(_opencv(data, header, _COLOR), header)


def decode_values(data: bytes, header: Header) -> np.ndarray:
    """An image with the values that the file has: of any type, [H, W] or BGR [H, W, 3], upright; transparency is left out.

    Raises:
        UnreadableError: it is damaged.
        FormatError: its bits or bands are not read.
    """
    if header.bands not in (1, 3):
        raise FormatError(f"{header.named}, not one of grey or RGB")
    image = _opencv(data, header, _UNCHANGED)
    if image.dtype.itemsize * 8 != header.bits:
        raise FormatError(f"{header.named}, whose bits are not read")
    if image.ndim == 3:
        image = image[..., :3] if header.bands == 3 else image[..., 0]
    return turned(np.ascontiguousarray(image), header)


def decode_grey(data: bytes, header: Header) -> np.ndarray:
    """An image of grey or colour as one channel, with the bits that the file has: [H, W], upright; equal channels give what they hold.

    Raises:
        UnreadableError: it is damaged.
    """
    return turned(_opencv(data, header, _GREY), header)


def decode_ids(data: bytes, header: Header) -> np.ndarray:
    """A label as it was written, indices of a palette and the levels of 1-, 2- and 4-bit grey included: uint8 or uint16 [H, W], upright.

    Raises:
        UnreadableError: it is damaged.
        FormatError: it has colours or transparency, is lossy, or holds other values than whole numbers from 0 to 65535.
    """
    if header.format not in LABEL_FORMATS and header.format != JPEG:
        raise FormatError(f"{header.named}, but labels are read from {', '.join(LABEL_FORMATS)} alone")
    if header.lossy:
        raise FormatError(f"{header.named}, whose compression changes the values")
    if header.kind == "float":
        raise FormatError(f"{header.named}, whose values are no whole numbers")
    if header.format == WEBP and not header.alpha:  # has no grey
        return _equal_bands(decode_color(data, header))
    if header.bands != 1 or header.alpha:
        raise FormatError(f"{header.named}, not one channel of ids")
    image = _quick_png(data, header) if header.plain else None
    if image is not None:
        return turned(image, header)
    ids = _pillow(_with_colors(data) if header.format == BMP else data)
    if not header.palette and header.bits == 8 and header.stored_bits in (2, 4):
        ids = ids // (255 // ((1 << header.stored_bits) - 1))
    return ids if header.format == TIFF else turned(ids, header)


def has_a_hole(data: bytes, header: Header) -> bool:
    """Whether a JPEG lacks some of its pixels, which decoders fill with grey without a word."""
    if header.format != JPEG or header.bands not in (1, 3) or header.deep:
        return False
    try:
        decode_image_jpegturbo(data, "mono")
    except Exception:  # the library raises nothing more specific
        return True
    return False


def turned(image: np.ndarray, header: Header) -> np.ndarray:
    """An image [H, W] or [H, W, C] as its pixels are stored, upright; TIFFs are already."""
    return image if header.format == TIFF else upright(image, header.orientation)


def upright(image: np.ndarray, orientation: int | None) -> np.ndarray:
    """Turns and mirrors as the EXIF entry 1 to 8 says; None and 1 change nothing."""
    if orientation in (None, 1):
        return image
    if orientation >= 5:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image[:, ::-1] if orientation in (2, 3, 6, 7) else image)


def _quick_png(data: bytes, header: Header) -> np.ndarray | None:
    """A plain PNG, as nearly all images and labels are: the values of OpenCV in half the time; None leaves it to the others.

    Returns:
        uint8 [H, W] or RGB [H, W, 3].
    """
    try:
        image = decode_image_png_u8(data, header.size, "rgb" if header.bands == 3 else "mono")
    except Exception:  # the library raises nothing more specific
        return None
    return image[..., 0] if header.bands == 1 else image


def _opencv(data: bytes, header: Header, mode: int) -> np.ndarray:
    if header.format == PNG:
        _check_png(data)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:
        image = None
    if image is None:
        raise UnreadableError("not a readable image")
    return image


def _check_png(data: bytes) -> None:
    """Compares the checksums of all chunks: OpenCV decodes a part of what is damaged and says nothing."""
    place, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 8 + length
        if zlib.crc32(data[place + 4 : end]).to_bytes(4, "big") != data[end : end + 4]:
            raise UnreadableError("damaged")
        place = end + 4


def _pillow(data: bytes, mode: str | None = None) -> np.ndarray:
    """uint8 [H, W, 3] in mode 'RGB', else one band of ids, uint8 or uint16 [H, W]."""
    try:
        with quiet_pillow(), Image.open(io.BytesIO(data)) as image:
            image.load()
            kind, values = image.mode, np.asarray(image.convert(mode) if mode else image)
    except Exception as error:  # any, by the readers of rare formats
        raise UnreadableError(f"not a readable image ({str(error).splitlines()[0] if str(error) else type(error).__name__})") from None
    if mode:
        return values
    if kind not in _IDS:
        raise FormatError(f"an image of the mode {kind}, not one channel of ids")
    values = values.astype(_IDS[kind], copy=False)
    if kind == "I":
        if values.min() < 0 or values.max() > 65535:
            raise FormatError(f"an image with values from {values.min()} to {values.max()}, but ids go from 0 to 65535")
        values = values.astype(np.uint16)
    return values


def _with_colors(data: bytes) -> bytes:
    """A BMP with another first colour in its palette: Pillow gives the indices of colours, but misreads 4 bits of grey."""
    start = 14 + struct.unpack_from("<I", data, 14)[0]
    return data[:start] + b"\1\2\3" + data[start + 3 :]


def _equal_bands(image: np.ndarray) -> np.ndarray:
    if not (image == image[..., :1]).all():
        raise FormatError("an image of colours, not one channel of ids")
    return np.ascontiguousarray(image[..., 0])
