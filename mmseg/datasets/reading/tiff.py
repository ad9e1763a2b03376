"""The first directory of a TIFF file, which EXIF entries in other formats have as well."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, BANDS = 256, 257, 258, 259, 262, 274, 277
STARTS, LENGTHS, TILE_STARTS, TILE_LENGTHS, EXTRA, SAMPLE_FORMAT = 273, 279, 324, 325, 338, 339

_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}  # types of entries that are whole numbers, by their number in TIFF
MAX_VALUES = 1 << 22
"""Of one entry: tiles of 16x16 of the largest image are half as many."""
_LISTED = frozenset({256, 257, 258, 259, 262, 273, 274, 277, 279, 324, 325, 338, 339})


def read_directory(data: bytes) -> Mapping[int, Sequence[int]]:
    """The entries of the first directory that are named above, {tag: values}; classic and big files in either byte order.

    Raises:
        struct.error: the data end before the directory does.
        ValueError: this is no TIFF.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        raise ValueError("no byte order")
    (version,) = struct.unpack_from(order + "H", data, 2)
    if version not in (42, 43):
        raise ValueError("no TIFF")
    big = version == 43
    place, entry, inline = ("Q", "HHQ", 8) if big else ("I", "HHI", 4)
    (start,) = struct.unpack_from(order + place, data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
    start += 8 if big else 2
    step = struct.calcsize(order + entry) + inline
    tags = {}
    for number in range(count):
        here = start + number * step
        tag, kind, length = struct.unpack_from(order + entry, data, here)
        if tag not in _LISTED or kind not in _WHOLE or tag in tags:
            continue
        values, here = f"{order}{length}{_WHOLE[kind]}", here + step - inline
        if length > min(len(data), MAX_VALUES):
            raise struct.error("more values than bytes, or than an image has tiles")
        if struct.calcsize(values) > inline:
            (here,) = struct.unpack_from(order + place, data, here)
        tags[tag] = struct.unpack_from(values, data, here)
    struct.unpack_from(order + place, data, start + count * step)  # where the next directory would be
    return tags


def exif_orientation(block: bytes) -> int | None:
    """How the camera was held, 1 to 8, from an EXIF block; None where it says nothing that can be read."""
    try:
        return orientation(read_directory(block.removeprefix(b"Exif\0\0")))
    except (ValueError, struct.error):
        return None


def orientation(tags: Mapping[int, Sequence[int]]) -> int | None:
    """The entry of a directory, None where it is missing or none of 1 to 8."""
    found = tags.get(ORIENTATION, (0,))[:1]
    return found[0] if found and 1 <= found[0] <= 8 else None


def data_end(tags: Mapping[int, Sequence[int]]) -> int:
    """Where the last of the pixels end, in bytes from the start of the file."""
    starts, lengths = (tags.get(one) or tags.get(other) or () for one, other in ((STARTS, TILE_STARTS), (LENGTHS, TILE_LENGTHS)))
    return max((start + length for start, length in zip(starts, lengths, strict=False)), default=0)
