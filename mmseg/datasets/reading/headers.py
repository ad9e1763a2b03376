"""What an encoded image says about itself before anything is decoded: its format by content, size, depth, and where it ends.

Letters: (H, W) size as the pixels are stored.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from mmseg.datasets.reading import tiff

MAX_PIXELS = 1 << 29
"""The most pixels of an image, 23170x23170: aerial tiles of 20,000x20,000 are read. Decoded they take 1.6 GB, twice while they are turned.

A file of a few megabytes can declare any size, and every loader worker may meet one. Of more than 16 bits a value, as many less.
"""
MAX_SCANS = 1000
"""Of a JPEG; each makes the decoder go through the whole image, and programs write up to ten."""

PNG, JPEG, WEBP, BMP, TIFF = "PNG", "JPEG", "WebP", "BMP", "TIFF"
_LOSSY_TIFF = {6, 7, 33003, 33004, 33005, 34712, 34887, 34892, 50001, 50002, 52546}  # JPEG, JPEG 2000, LERC, WebP, JPEG XL
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # what ends the pixels of a scan; zeros and restarts belong to them


class UnreadableError(ValueError):
    """Data that are no whole image; the text ends a sentence "the file is …"."""


class TooLargeError(ValueError):
    """An image that declares more pixels than are decoded; the text as that of :class:`UnreadableError`."""


@dataclass(frozen=True)
class Header:
    """What is known without decoding.

    Attributes:
        format: name of the format, whatever the file is called.
        size: (H, W).
        bits: of a value, 8 for an index into a palette of any size.
        bands: without transparency; 1 for a palette.
        kind: of the values: 'uint', 'int' or 'float'.
        stored_bits: of a grey level in the file, which decoders of images stretch to 8 bits.
        palette: whether the values are indices of colours.
        alpha: whether a band of transparency follows.
        cmyk: whether the four bands are printing colours.
        lossy: whether the values are not exactly those that were written.
        orientation: EXIF entry, 1 to 8; None where there is none.
        plain: whether it is a PNG of 8-bit grey or RGB and nothing else.
    """

    format: str
    size: tuple[int, int]
    bits: int = 8
    bands: int = 3
    kind: str = "uint"
    stored_bits: int = 8
    palette: bool = False
    alpha: bool = False
    cmyk: bool = False
    lossy: bool = False
    orientation: int | None = None
    plain: bool = False

    @property
    def deep(self) -> bool:
        """Whether the values are not those of an ordinary image, 0 to 255."""
        return self.bits > 8 or self.kind != "uint"

    @property
    def named(self) -> str:
        """:meth:`__str__` with its article."""
        text = str(self)
        return f"{'an' if text[0] == '8' else 'a'} {text}"

    def __str__(self) -> str:
        """In words: '16-bit grey PNG', 'palette PNG', '32-bit float TIFF of 5 bands'."""
        bits = f"{self.stored_bits if self.bits == 8 else self.bits}-bit"
        kind = "" if self.kind == "uint" else " signed" if self.kind == "int" else " float"
        colors = " CMYK" if self.cmyk else {1: " grey", 3: " RGB"}.get(self.bands, "")
        what = "palette" if self.palette else f"{bits}{kind}{colors}{' with alpha' if self.alpha else ''}"
        return f"{what} {self.format}{'' if colors or self.palette else f' of {self.bands} bands'}"


def read_header(data: bytes) -> Header:
    """Looks at the structure of a whole file, to its end.

    Raises:
        UnreadableError: it is cut off or no image.
        TooLargeError: it is larger than :data:`MAX_PIXELS`.
    """
    if not data:
        raise UnreadableError("empty")
    try:
        header = _reader(data)(data)
    except (struct.error, IndexError):
        raise UnreadableError("cut off") from None
    except UnreadableError:
        raise
    except Exception:  # Pillow's readers of rare formats raise anything
        raise UnreadableError("not a readable image") from None
    height, width = header.size
    most = MAX_PIXELS * 16 // max(header.bits, 16)
    if height * width > most:
        raise TooLargeError(f"{width}x{height} pixels large, more than {most} altogether, or is not what its first bytes say")
    if height <= 0 or width <= 0:
        raise UnreadableError(f"an image of {width}x{height} pixels")
    return header


def _reader(data: bytes) -> Callable[[bytes], Header]:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp
    if data[:2] == b"BM":
        return _bmp
    return _tiff if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") else _other


def _png(data: bytes) -> Header:
    """From the chunks, up to IEND."""
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    if data[12:16] != b"IHDR":
        raise UnreadableError("not a readable image")
    place, kind, kinds, orientation = 8, b"", set(), None
    chunk = struct.Struct(">I4s").unpack_from
    while kind != b"IEND":
        length, kind = chunk(data, place)
        kinds.add(kind)
        if kind == b"eXIf":
            orientation = tiff.exif_orientation(data[place + 8 : place + 8 + length])
        place += 12 + length
    if place > len(data):
        raise UnreadableError("cut off")
    bits = max(depth, 8)
    plain = depth == 8 and color in (0, 2) and kinds.isdisjoint((b"tRNS", b"acTL"))
    return Header(
        format=PNG,
        size=(height, width),
        bits=bits,
        bands=3 if color & 2 and color != 3 else 1,
        stored_bits=depth,
        palette=color == 3,
        alpha=color in (4, 6),
        orientation=orientation,
        plain=plain,
    )


def _jpeg(data: bytes) -> Header:
    """From the segments before the pixels; the end mark is looked for behind them, where it need not be the last of the file."""
    place, frame, orientation = 2, None, None
    while True:
        while data[place + 1] == 0xFF:  # fill bytes
            place += 1
        marker = data[place + 1]
        if data[place] != 0xFF:
            raise UnreadableError("not a readable image")
        (length,) = struct.unpack_from(">H", data, place + 2)
        if marker == 0xDA:
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = struct.unpack_from(">BHHB", data, place + 4)
        if marker == 0xE1 and orientation is None and data[place + 4 : place + 10] == b"Exif\0\0":
            orientation = tiff.exif_orientation(data[place + 4 : place + 2 + length])
        place += 2 + length
    if frame is None:
        raise UnreadableError("not a readable image")
    if not data.endswith(b"\xff\xd9"):  # pixels never hold this mark, so a file that ends with it is not cut
        _check_jpeg_end(data, place)
    if data.count(b"\xff\xda", place) > MAX_SCANS:
        raise UnreadableError(f"a JPEG of more than {MAX_SCANS} scans")
    bits, height, width, bands = frame
    return Header(format=JPEG, size=(height, width), bits=bits, bands=bands, cmyk=bands == 4, lossy=True, orientation=orientation)


def _check_jpeg_end(data: bytes, place: int) -> None:
    """Walks over the scans from the first one, which starts at ``place``, to the end mark."""
    while True:
        (length,) = struct.unpack_from(">H", data, place + 2)
        found = _MARKER.search(data, place + 2 + length)
        while found and data[found.end() - 1] not in (0xD9, 0xDA):  # tables between scans
            (length,) = struct.unpack_from(">H", data, found.end())
            found = _MARKER.search(data, found.end() + length)
        if not found:
            raise UnreadableError("cut off")
        if data[found.end() - 1] == 0xD9:
            return
        place = found.end() - 2


def _webp(data: bytes) -> Header:
    """From the chunks of the container."""
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise UnreadableError("cut off")
    place, size, orientation, alpha, lossy = 12, None, None, False, False
    while place + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, place)
        body = place + 8
        if kind == b"VP8X":
            alpha = bool(data[body] & 0x10)
            size = tuple(1 + int.from_bytes(data[at : at + 3], "little") for at in (body + 7, body + 4))
        elif kind == b"VP8L" and size is None:
            packed = int.from_bytes(data[body + 1 : body + 5], "little")
            size, alpha = (1 + (packed >> 14 & 0x3FFF), 1 + (packed & 0x3FFF)), bool(packed >> 28 & 1)
        elif kind == b"VP8 " and size is None:
            width, height = struct.unpack_from("<HH", data, body + 6)
            size = (height & 0x3FFF, width & 0x3FFF)
        elif kind == b"EXIF":
            orientation = tiff.exif_orientation(data[body : body + length])
        lossy |= kind in (b"VP8 ", b"ANMF")
        place = body + length + length % 2
    if size is None:
        raise UnreadableError("not a readable image")
    return Header(format=WEBP, size=size, alpha=alpha, lossy=lossy, orientation=orientation)


def _bmp(data: bytes) -> Header:
    """From the two headers; the pixels of an uncompressed file have a known length."""
    start, kind = struct.unpack_from("<II", data, 10)
    width, height, _, bits = struct.unpack_from("<HHHH" if kind == 12 else "<iiHH", data, 18)
    compression, length = (0, 0) if kind == 12 else struct.unpack_from("<II", data, 30)
    if compression in (0, 3, 6):
        row = (abs(width) * bits + 7) // 8
        length = (row + 3) // 4 * 4 * (abs(height) - 1) + row
    if start + length > len(data):
        raise UnreadableError("cut off")
    return Header(format=BMP, size=(abs(height), width), bands=1 if bits <= 8 else 3, palette=bits <= 8)


def _tiff(data: bytes) -> Header:
    """From the first directory."""
    tags = tiff.read_directory(data)
    if tiff.WIDTH not in tags or tiff.HEIGHT not in tags:
        raise UnreadableError("not a readable image")
    if tiff.data_end(tags) > len(data):
        raise UnreadableError("cut off")
    photometric, extra = tags.get(tiff.PHOTOMETRIC, (1,))[0], tags.get(tiff.EXTRA, ())
    bands, stored = tags.get(tiff.BANDS, (1,))[0], max(tags.get(tiff.BITS, (1,)))
    alpha = len(extra) == 1 and extra[0] in (1, 2)
    return Header(
        format=TIFF,
        size=(tags[tiff.HEIGHT][0], tags[tiff.WIDTH][0]),
        bits=max(stored, 8),
        bands=bands - alpha,
        kind={2: "int", 3: "float"}.get(tags.get(tiff.SAMPLE_FORMAT, (1,))[0], "uint"),
        stored_bits=stored,
        palette=photometric == 3,
        alpha=alpha,
        cmyk=photometric == 5 and bands == 4,
        lossy=tags.get(tiff.COMPRESSION, (1,))[0] in _LOSSY_TIFF,
        orientation=tiff.orientation(tags),
    )


_MODES = {
    "1": {"bands": 1, "stored_bits": 1},
    "L": {"bands": 1},
    "LA": {"bands": 1, "alpha": True},
    "P": {"bands": 1, "palette": True},
    "RGBA": {"alpha": True},
    "I;16": {"bands": 1, "bits": 16},
    "I;16B": {"bands": 1, "bits": 16},
    "I": {"bands": 1, "bits": 32, "kind": "int"},
    "F": {"bands": 1, "bits": 32, "kind": "float"},
}


def _other(data: bytes) -> Header:
    """Of a format that is rare here, as Pillow sees it."""
    with quiet_pillow(), Image.open(io.BytesIO(data)) as image:
        found = {"bands": len(image.getbands()), **_MODES.get(image.mode, {})}
        return Header(format=image.format or "image", size=image.size[::-1], **found)


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Lets Pillow decode an image of any size, :data:`MAX_PIXELS` is the limit here, and keep its warnings, for our line tells enough."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit
