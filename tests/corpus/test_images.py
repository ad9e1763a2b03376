"""Images of every format, depth, orientation and kind of damage."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.datasets.reading.image_files import read_image
from mmseg.datasets.reading.value_range import value_range
from mmseg.utils.errors import BadFileError
from tests.corpus.writers import as_shown, bmp, by_opencv, by_pillow, chunk, exif, exif_chunk, png, tiff

RNG = np.random.default_rng(0)
RGB = cv2.resize(RNG.integers(0, 256, (3, 4, 3), np.uint8), (16, 12))
GREY, ALPHA = RGB[..., 0].copy(), RNG.integers(0, 256, (12, 16), np.uint8)
RGBA, LEVELS = np.dstack([RGB, ALPHA]), RNG.integers(0, 16, (12, 16), np.uint8)
COLORS = RNG.integers(0, 256, (16, 3), np.uint8)
LOSSY = 12  # largest difference of a value that JPEG or WebP of high quality makes of this image


def three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def palette_png(indices: np.ndarray, bits: int) -> bytes:
    return png(indices, bits=bits, color=3, before=chunk(b"PLTE", COLORS[: 1 << bits].tobytes()))


def read(tmp_path, data: bytes, suffix: str = ".png", **options) -> np.ndarray:
    """RGB."""
    path = tmp_path / f"photo{suffix}"
    path.write_bytes(data)
    return read_image(path, value_range(options.get("depth"), options.get("range"), "The data set"))[..., ::-1]


def refused(tmp_path, data: bytes, message: str, suffix: str = ".png", **options) -> None:
    with pytest.raises(BadFileError, match=message) as raised:
        read(tmp_path, data, suffix, **options)
    text = str(raised.value)
    assert "\n" not in text and str(tmp_path / f"photo{suffix}") in text and text.endswith((".", ")"))


EXACT = {
    "png rgb": (png(RGB), RGB),
    "png rgb by OpenCV": (by_opencv(RGB[..., ::-1], ".png"), RGB),
    "png grey": (png(GREY), three(GREY)),
    "png rgba": (png(RGBA), RGB),
    "png grey and alpha": (png(np.dstack([GREY, ALPHA])), three(GREY)),
    "png 1 bit": (png(LEVELS & 1, bits=1), three((LEVELS & 1) * 255)),
    "png 2 bits": (png(LEVELS & 3, bits=2), three((LEVELS & 3) * 85)),
    "png 4 bits": (png(LEVELS, bits=4), three(LEVELS * 17)),
    "png palette 1 bit": (palette_png(LEVELS & 1, 1), COLORS[LEVELS & 1]),
    "png palette 2 bits": (palette_png(LEVELS & 3, 2), COLORS[LEVELS & 3]),
    "png palette 4 bits": (palette_png(LEVELS, 4), COLORS[LEVELS]),
    "png palette 8 bits": (palette_png(LEVELS, 8), COLORS[LEVELS]),
    "png one colour transparent": (png(RGB, before=chunk(b"tRNS", struct.pack(">3H", *RGB[0, 0]))), RGB),
    "png texts around": (png(RGB, before=chunk(b"tEXt", b"a\0b"), after=chunk(b"tEXt", b"date\0now")), RGB),
    "png unknown chunk": (png(RGB, after=chunk(b"abCd", b"x" * 99)), RGB),
    "tiff rgb": (tiff(RGB), RGB),
    "tiff rgb big-endian": (tiff(RGB, order=">"), RGB),
    "tiff rgb BigTIFF": (tiff(RGB, big=True), RGB),
    "tiff grey": (tiff(GREY), three(GREY)),
    "tiff rgba": (tiff(RGBA, extra=[2]), RGB),
    "tiff grey and alpha": (tiff(np.dstack([GREY, ALPHA]), extra=[2]), three(GREY)),
    "tiff 1 bit": (tiff(LEVELS & 1, bits=1), three((LEVELS & 1) * 255)),
    "tiff 2 bits": (tiff(LEVELS & 3, bits=2), three((LEVELS & 3) * 85)),
    "tiff 4 bits": (tiff(LEVELS, bits=4), three(LEVELS * 17)),
    "tiff white is zero": (tiff(GREY, photometric=0), three(255 - GREY)),
    "tiff palette": (tiff(GREY, photometric=3), three(GREY)),
    "tiff lzw": (by_pillow(RGB, "TIFF", compression="tiff_lzw"), RGB),
    "tiff deflate": (by_pillow(RGB, "TIFF", compression="tiff_adobe_deflate"), RGB),
    "tiff packbits": (by_pillow(RGB, "TIFF", compression="packbits"), RGB),
    "tiff by OpenCV": (by_opencv(RGB[..., ::-1], ".tif"), RGB),
    "bmp rgb": (by_pillow(RGB, "BMP"), RGB),
    "bmp rgba": (by_pillow(RGBA, "BMP"), RGB),
    "bmp grey": (by_pillow(GREY, "BMP"), three(GREY)),
    "bmp 1 bit": (bmp(LEVELS & 1, bits=1, palette=COLORS[:2]), COLORS[LEVELS & 1]),
    "bmp 4 bits": (bmp(LEVELS, bits=4, palette=COLORS), COLORS[LEVELS]),
    "bmp 8 bits": (bmp(LEVELS, bits=8, palette=COLORS), COLORS[LEVELS]),
    "webp lossless": (by_pillow(RGB, "WEBP", lossless=True), RGB),
    "webp lossless rgba": (by_pillow(RGBA, "WEBP", lossless=True, exact=True), RGB),
    "gif": (by_pillow(GREY, "GIF"), three(GREY)),
    "ppm": (by_pillow(RGB, "PPM"), RGB),
    "pgm": (by_pillow(GREY, "PPM"), three(GREY)),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact(tmp_path, name):
    data, expected = EXACT[name]
    np.testing.assert_array_equal(read(tmp_path, data), expected)


NEAR = {
    "jpeg": by_pillow(RGB, "JPEG", quality=98, subsampling=0),
    "jpeg by OpenCV": by_opencv(RGB[..., ::-1], ".jpg", cv2.IMWRITE_JPEG_QUALITY, 98),
    "jpeg 420": by_pillow(RGB, "JPEG", quality=98, subsampling=2),
    "jpeg progressive": by_pillow(RGB, "JPEG", quality=98, subsampling=0, progressive=True),
    "jpeg restarts": by_pillow(RGB, "JPEG", quality=98, subsampling=0, restart_marker_blocks=1),
    "jpeg cmyk": by_pillow(RGB, "JPEG", quality=98, mode="CMYK"),
    "jpeg with a comment": by_pillow(RGB, "JPEG", quality=98, subsampling=0, comment=b"\xff\xd9 in a comment"),
    "webp": by_pillow(RGB, "WEBP", quality=98),
    "webp rgba": by_pillow(RGBA, "WEBP", quality=98, exact=True),
    "tiff jpeg": by_pillow(RGB, "TIFF", compression="jpeg", quality=98),
}


@pytest.mark.parametrize("name", NEAR)
def test_near(tmp_path, name):
    largest = 60 if name in ("jpeg 420", "jpeg by OpenCV", "webp", "webp rgba") else LOSSY  # which halve the resolution of colours
    difference = np.abs(read(tmp_path, NEAR[name]).astype(int) - RGB)
    assert difference.max() <= largest and difference.mean() < largest / 4


# Orientation

ORIENTED = {
    "png": lambda entry: png(RGB, before=exif_chunk(entry)),
    "png behind the pixels": lambda entry: png(RGB, after=exif_chunk(entry)),
    "png rgba": lambda entry: png(RGBA, before=exif_chunk(entry)),
    "jpeg": lambda entry: by_pillow(RGB, "JPEG", quality=98, subsampling=0, exif=exif(entry)),
    "webp": lambda entry: by_pillow(RGB, "WEBP", lossless=True, exif=exif(entry)),
    "tiff": lambda entry: tiff(RGB, orientation=entry),
    "tiff big-endian": lambda entry: tiff(RGB, orientation=entry, order=">"),
}


@pytest.mark.parametrize("entry", range(1, 9))
@pytest.mark.parametrize("name", ORIENTED)
def test_orientation(tmp_path, name, entry):
    found = read(tmp_path, ORIENTED[name](entry))
    expected = as_shown(RGB, entry)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= (LOSSY if name == "jpeg" else 0)


@pytest.mark.parametrize("entry", [6, 7])
def test_orientation_of_deep_images(tmp_path, entry):
    for data in (png(RGB.astype(np.uint16), bits=16, before=exif_chunk(entry)), tiff(RGB.astype(np.uint16), orientation=entry)):
        np.testing.assert_array_equal(read(tmp_path, data, depth=8), as_shown(RGB, entry))


@pytest.mark.parametrize("entry", [0, 9, 300])
def test_an_orientation_that_is_none(tmp_path, entry):
    np.testing.assert_array_equal(read(tmp_path, png(RGB, before=exif_chunk(entry))), RGB)


# Suffixes, bytes at the end, and cuts

WHOLE = {
    "png": png(RGB),
    "jpg": by_pillow(RGB, "JPEG", quality=98, subsampling=0),
    "tif": by_pillow(RGB, "TIFF", compression="tiff_lzw"),
    "bmp": by_pillow(RGB, "BMP"),
    "webp": by_pillow(RGB, "WEBP", lossless=True),
}
PROGRESSIVE = by_pillow(RGB, "JPEG", quality=98, subsampling=0, progressive=True)


def is_close(found: np.ndarray) -> bool:
    return found.shape == RGB.shape and np.abs(found.astype(int) - RGB).max() <= LOSSY


@pytest.mark.parametrize("suffix", WHOLE)
@pytest.mark.parametrize("content", WHOLE)
def test_the_suffix_does_not_matter(tmp_path, content, suffix):
    assert is_close(read(tmp_path, WHOLE[content], f".{suffix}"))


TAILS = {
    "a byte": b"x",
    "zeros": bytes(9000),
    "a film": b"\0\0\0\x18ftypmp42" + np.random.default_rng(1).integers(0, 255, 60_000, np.uint8).tobytes() + bytes(5000),
    "a photo": WHOLE["jpg"],
    "a cut photo": WHOLE["jpg"][:-40],
}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("content", [*WHOLE, "progressive"])
def test_what_follows_does_not_matter(tmp_path, content, tail):
    assert is_close(read(tmp_path, {**WHOLE, "progressive": PROGRESSIVE}[content] + TAILS[tail]))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("content", [*WHOLE, "progressive"])
def test_cut_off(tmp_path, content, share):
    data = {**WHOLE, "progressive": PROGRESSIVE}[content]
    refused(tmp_path, data[: min(int(len(data) * share), len(data) - 1)], r"is (cut off|not a readable image)")


@pytest.mark.parametrize("tail", TAILS)
def test_a_cut_jpeg_with_something_behind(tmp_path, tail):
    """It lacks its end mark; what the next file begins with is no part of it."""
    data = WHOLE["jpg"]
    if tail in ("a byte", "zeros"):
        refused(tmp_path, data[: int(len(data) * 0.7)] + TAILS[tail], "is (cut off|not a readable image)")


# Damage

NOTHING = {"empty": b"", "text": b"no image", "html": b"<html><body>Not found</body></html>", "zip": b"PK\3\4" + bytes(60)}
NOTHING |= {"zeros": bytes(500), "film": TAILS["a film"], "png mark": b"\x89PNG\r\n\x1a\n", "jpeg mark": b"\xff\xd8\xff", "bmp mark": b"BM"}
NOTHING |= {"webp mark": b"RIFF\x40\0\0\0WEBP" + bytes(64), "tiff mark": b"II*\0\x08\0\0\0", "big tiff mark": b"MM\0+" + bytes(20)}


@pytest.mark.parametrize("name", NOTHING)
def test_no_image(tmp_path, name):
    refused(tmp_path, NOTHING[name], r"is (empty|cut off|not a readable image|an image of 0x0 pixels).* \(\d+ bytes\)\. Copy or download")


DAMAGED = {"rgb": png(RGB), "rgba": png(RGBA), "palette": palette_png(LEVELS, 8), "4 bits": png(LEVELS, bits=4), "grey": png(GREY)}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_changed_byte_of_a_png(tmp_path, name):
    data = bytearray(DAMAGED[name])
    data[data.index(b"IDAT") + 20] ^= 0x55
    refused(tmp_path, bytes(data), "is damaged")


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("content", WHOLE)
def test_scattered_damage_ends_nothing(tmp_path, content, seed):
    """Values or one line, whatever the bytes are; never an error of a library."""
    rng = np.random.default_rng(seed)
    data = np.frombuffer(WHOLE[content], np.uint8).copy()
    data[rng.integers(2, len(data), 5)] = rng.integers(0, 256, 5)
    try:
        assert read(tmp_path, data.tobytes()).ndim == 3
    except BadFileError as error:
        assert "\n" not in str(error) and "photo.png" in str(error)


# Size


def png_of(width: int, height: int) -> bytes:
    data = png(RGB)
    return data.replace(data[8:33], chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))


def jpeg_of(width: int, height: int) -> bytes:
    data = WHOLE["jpg"]
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def webp_of(width: int, height: int) -> bytes:
    body = b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    parts = b"WEBPVP8X" + struct.pack("<I", 10) + body + WHOLE["webp"][12:]
    return b"RIFF" + struct.pack("<I", len(parts)) + parts


BOMBS = {
    "png 60000": png_of(60_000, 60_000),
    "png 100000": png_of(100_000, 100_000),
    "png 2147483647": png_of(2**31 - 1, 2**31 - 1),
    "jpeg 60000": jpeg_of(60_000, 60_000),
    "jpeg 65535": jpeg_of(65_535, 65_535),
    "tiff 60000": tiff(RGB, size=(60_000, 60_000)),
    "tiff 100000": tiff(RGB, size=(100_000, 100_000)),
    "bigtiff 4294967295": tiff(RGB, size=(2**32 - 1, 2**32 - 1), big=True),
    "webp 60000": webp_of(60_000, 60_000),
    "webp 100000": webp_of(100_000, 100_000),
    "gif 60000": by_pillow(GREY, "GIF")[:6] + struct.pack("<HH", 60_000, 60_000) + by_pillow(GREY, "GIF")[10:],
    "ppm 100000": b"P6 100000 100000 255\n" + bytes(300),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb(tmp_path, name):
    refused(tmp_path, BOMBS[name], r"\d+x\d+ pixels large, more than 536870912 altogether, or is not what its first bytes say")


@pytest.mark.parametrize("side", [60_000, 100_000])
def test_a_bmp_bomb_is_cut_off(tmp_path, side):
    refused(tmp_path, bmp(LEVELS, bits=8, size=(side, side)), "is cut off")


def test_a_bomb_that_is_whole(tmp_path):
    """100,000 x 100,000 pixels in a correct PNG of some megabytes would be as bad; a fortieth of it shows that the header decides."""
    row = zlib.compress(bytes(2501) * 100)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 1, 0, 0, 0, 0)) + chunk(b"IDAT", row)
    refused(tmp_path, data + chunk(b"IEND", b""), "40000x40000 pixels large")


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_no_pixels(tmp_path, size):
    refused(tmp_path, png_of(*size), r"is an image of \dx\d pixels")


# Depth and bands

DEEP = RNG.integers(0, 4096, (12, 16, 3), np.uint16)
DEEP[0, 0] = 4095, 0, 2048
LEVELS_OF_DEEP = (DEEP * (255 / 4095)).round().astype(np.uint8)
FLOATS = (DEEP / 4095).astype(np.float32)
WITH_DEPTH = {
    "png": (png(DEEP, bits=16), LEVELS_OF_DEEP),
    "png grey": (png(DEEP[..., 0], bits=16), three(LEVELS_OF_DEEP[..., 0])),
    "png rgba": (png(np.dstack([DEEP, DEEP[..., 0]]), bits=16), LEVELS_OF_DEEP),
    "png grey and alpha": (png(DEEP[..., :2], bits=16), three(LEVELS_OF_DEEP[..., 0])),
    "png by OpenCV": (by_opencv(DEEP[..., ::-1], ".png"), LEVELS_OF_DEEP),
    "tiff": (tiff(DEEP), LEVELS_OF_DEEP),
    "tiff big-endian": (tiff(DEEP, order=">"), LEVELS_OF_DEEP),
    "tiff grey": (tiff(DEEP[..., 0]), three(LEVELS_OF_DEEP[..., 0])),
    "tiff by OpenCV": (by_opencv(DEEP[..., ::-1], ".tif"), LEVELS_OF_DEEP),
}


@pytest.mark.parametrize("name", WITH_DEPTH)
def test_depth(tmp_path, name):
    data, expected = WITH_DEPTH[name]
    np.testing.assert_array_equal(read(tmp_path, data, depth=12), expected)
    np.testing.assert_array_equal(read(tmp_path, data, range=(0, 4095)), expected)
    refused(tmp_path, data, r"is a 16-bit .* with values from \d+ to 4095, and what .* not known\. Set depth=12 if its camera")
    refused(tmp_path, data, r"holds values from \d+ to 4095, outside 0 to 1023\. Set depth=12", depth=10)


def test_the_range_clips(tmp_path):
    expected = ((DEEP.clip(100, 1100) - 100.0) * 0.255).round().astype(np.uint8)
    np.testing.assert_array_equal(read(tmp_path, png(DEEP, bits=16), range=(100, 1100)), expected)


def test_8_bits_need_no_range_and_are_not_changed_by_one(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, png(RGB), depth=12), RGB)
    np.testing.assert_array_equal(read(tmp_path, tiff(RGB), range=(0, 10)), RGB)


OTHER_NUMBERS = {
    "float32": tiff(FLOATS),
    "float32 big-endian": tiff(FLOATS, order=">"),
    "float64": tiff(FLOATS.astype(np.float64)),
    "int16": tiff(DEEP.astype(np.int16) - 2000),
    "int32": tiff(DEEP.astype(np.int32) - 2000),
    "uint32": tiff(DEEP.astype(np.uint32)),
}


@pytest.mark.parametrize("name", OTHER_NUMBERS)
def test_other_numbers_need_a_range(tmp_path, name):
    low, high = {"f": (0, 1), "i": (-2000, 2095), "u": (0, 4095)}[name[0]]
    found = read(tmp_path, OTHER_NUMBERS[name], range=(low, high))
    assert np.abs(found.astype(int) - LEVELS_OF_DEEP).max() <= (1 if name.startswith("float") else 0)
    refused(tmp_path, OTHER_NUMBERS[name], r"is a \d\d-bit.* TIFF with values from .*\. Set range=\(")


def test_values_that_are_not_a_number(tmp_path):
    floats = FLOATS.copy()
    floats[3, 4, 1] = np.nan
    refused(tmp_path, tiff(floats), "values", range=(0, 1))


BANDS = {
    "near infrared": (tiff(RGBA, extra=[0]), "is an 8-bit TIFF of 4 bands, not one of grey or RGB"),
    "5 bands": (tiff(np.dstack([RGB, RGB[..., :2]]), extra=[0, 0]), "TIFF of 5 bands, not"),
    "2 bands": (tiff(RGB[..., :2].copy(), extra=[0]), "TIFF of 2 bands, not"),
    "12 bands of 16 bits": (tiff(np.tile(DEEP, (1, 1, 4)), extra=[0] * 9), "is a 16-bit TIFF of 12 bands, not"),
    "4 bands of floats": (tiff(np.dstack([FLOATS, FLOATS[..., 0]]), extra=[0]), "is a 32-bit float TIFF of 4 bands, not"),
    "half floats": (tiff(FLOATS.astype(np.float16)), "is (not a readable image|a 16-bit float RGB TIFF)"),
    "16-bit pgm": (by_opencv(DEEP[..., 0], ".pgm"), "PPM, whose bits are not read. Convert it to an 8-bit RGB image."),
    "64-bit numbers of 5 bands": (tiff(np.zeros((4, 4, 5), np.int64), extra=[0, 0]), "is a 64-bit signed TIFF of 5 bands"),
}


@pytest.mark.parametrize("name", BANDS)
def test_bands_and_bits_that_are_not_read(tmp_path, name):
    refused(tmp_path, *BANDS[name])


def test_a_cmyk_tiff(tmp_path):
    data = by_pillow(RGB, "TIFF", mode="CMYK")
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(read(tmp_path, data), expected)


# Names


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"a b\nc.png", "straße 東京.png".encode()])
def test_names(tmp_path, name):
    path = tmp_path / name.decode("utf-8", "surrogateescape")
    path.write_bytes(png(RGB))
    np.testing.assert_array_equal(read_image(path)[..., ::-1], RGB)
