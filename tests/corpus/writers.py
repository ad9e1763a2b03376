"""Writers of PNG, TIFF and the rest for kinds of files that image libraries do not write. All give the bytes of a file.

Letters: (H, W) size.
"""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image


def packed(rows: np.ndarray, bits: int) -> bytes:
    """Values of less than 8 bits, [H, n], several to a byte, each row from a byte of its own."""
    spread = ((rows[..., None] >> np.arange(bits)[::-1]) & 1).astype(np.uint8).reshape(len(rows), -1)
    return np.packbits(spread, axis=1).tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(values: np.ndarray, *, bits: int = 8, color: int | None = None, before: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG of [H, W] or [H, W, C] with any depth and colour type; more chunks ``before`` and ``after`` the pixels."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels] if color is None else color
    rows = values.reshape(len(values), -1)
    lines = [packed(row[None], bits) if bits < 8 else row.astype(">u2" if bits == 16 else "u1").tobytes() for row in rows]
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    head = struct.pack(">IIBBBBB", values.shape[1], len(values), bits, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", pixels) + after + chunk(b"IEND", b"")


def tiff(
    values: np.ndarray,
    *,
    order: str = "<",
    bits: int | None = None,
    photometric: int | None = None,
    orientation: int | None = None,
    extra: list[int] | None = None,
    compression: int = 1,
    big: bool = False,
    size: tuple[int, int] | None = None,
) -> bytes:
    """An uncompressed TIFF of [H, W] or [H, W, C] of any type; ``size`` (H, W) is a lie about it."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    bits = bits or values.dtype.itemsize * 8
    height, width = size or values.shape[:2]
    rows = values.reshape(len(values), -1)
    pixels = packed(rows, bits) if bits < 8 or bits % 8 else values.astype(values.dtype.newbyteorder(order)).tobytes()
    pixels += b"\0" * (len(pixels) % 2)
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    start = 16 if big else 8
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * channels), 259: (3, [compression])}
    tags |= {262: (3, [photometric if photometric is not None else 2 if channels >= 3 else 1]), 273: (4, [start])}
    tags |= {} if orientation is None else {274: (3, [orientation])}
    tags |= {277: (3, [channels]), 278: (4, [height]), 279: (4, [len(pixels)])}
    tags |= {} if photometric != 3 else {320: (3, np.repeat(np.arange(256) * 257, 3).reshape(256, 3).T.ravel().tolist())}
    tags |= {} if extra is None else {338: (3, extra)}
    tags[339] = (3, [kind] * channels)
    place, inline, entry = ("Q", 8, "HHQ") if big else ("I", 4, "HHI")
    directory = start + len(pixels)
    outside = directory + (8 if big else 2) + len(tags) * (struct.calcsize(order + entry) + inline) + inline
    body = blob = b""
    for tag, (form, numbers) in tags.items():
        data = struct.pack(f"{order}{len(numbers)}{'H' if form == 3 else 'I'}", *numbers)
        if len(data) > inline:
            data, blob = struct.pack(order + place, outside + len(blob)), blob + data
        body += struct.pack(order + entry, tag, form, len(numbers)) + data.ljust(inline, b"\0")
    head = struct.pack(order + "HHHQ", 43, 8, 0, directory) if big else struct.pack(order + "HI", 42, directory)
    count = struct.pack(order + ("Q" if big else "H"), len(tags))
    return {"<": b"II", ">": b"MM"}[order] + head + pixels + count + body + struct.pack(order + place, 0) + blob


def bmp(indices: np.ndarray, *, bits: int, palette: np.ndarray | None = None, size: tuple[int, int] | None = None) -> bytes:
    """A BMP of indices [H, W] into a palette of RGB, grey levels that equal their index by default; ``size`` is a lie."""
    colors = np.repeat(np.arange(1 << bits)[:, None], 3, axis=1) if palette is None else palette
    table = np.zeros((1 << bits, 4), np.uint8)
    table[: len(colors), :3] = colors[:, ::-1]
    rows = [packed(row[None], bits) for row in indices[::-1]]
    pixels = b"".join(row + b"\0" * (-len(row) % 4) for row in rows)
    start = 54 + table.size
    height, width = size or indices.shape
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(pixels), 0, 0, 1 << bits, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + table.tobytes() + pixels


def by_pillow(values: np.ndarray, form: str, *, mode: str | None = None, **options) -> bytes:
    """What Pillow writes of uint8 RGB [H, W, 3] or [H, W]."""
    image, file = Image.fromarray(values), io.BytesIO()
    (image.convert(mode) if mode else image).save(file, form, **options)
    return file.getvalue()


def by_opencv(values: np.ndarray, suffix: str, *options: int) -> bytes:
    """What OpenCV writes of BGR [H, W, 3] or [H, W]."""
    return cv2.imencode(suffix, values, options)[1].tobytes()


def exif(orientation: int) -> Image.Exif:
    """An EXIF block with nothing but the orientation."""
    block = Image.Exif()
    block[274] = orientation
    return block


def exif_chunk(orientation: int) -> bytes:
    """Of a PNG."""
    return chunk(b"eXIf", exif(orientation).tobytes().removeprefix(b"Exif\0\0"))


def as_shown(stored: np.ndarray, orientation: int) -> np.ndarray:
    """The upright image [H, W, …] of pixels that are stored with an EXIF orientation, by its definition.

    EXIF 2.3, 4.6.4: the entry says at which side of the shown image the first row, and the first column, of the stored one lie.
    """
    sides = {1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left"}
    sides |= {5: "left top", 6: "right top", 7: "right bottom", 8: "left bottom"}
    row, column = sides[orientation].split()
    swapped = row in ("left", "right")
    height, width = stored.shape[:2][::-1] if swapped else stored.shape[:2]
    shown = np.empty((height, width, *stored.shape[2:]), stored.dtype)
    for y, x in np.ndindex(*stored.shape[:2]):
        down, right = (x, y) if swapped else (y, x)
        vertical, horizontal = (column, row) if swapped else (row, column)
        shown[height - 1 - down if vertical == "bottom" else down, width - 1 - right if horizontal == "right" else right] = stored[y, x]
    return shown
