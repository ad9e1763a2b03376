"""Labels of every format and depth: the ids as they were written, or one line."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from mmseg.datasets import FolderDataset
from mmseg.datasets.conversion.raw_labels import read_ids
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.utils.errors import BadFileError, UserError
from tests.corpus.writers import as_shown, bmp, by_opencv, by_pillow, chunk, exif, exif_chunk, png, tiff

RNG = np.random.default_rng(0)
IDS = RNG.integers(0, 16, (12, 16), np.uint8)
BYTES = RNG.integers(0, 256, (12, 16), np.uint8)
WORDS = RNG.integers(0, 65536, (12, 16), np.uint16)
COLORS = RNG.integers(0, 256, (256, 3), np.uint8)


def palette_png(ids: np.ndarray, bits: int) -> bytes:
    return png(ids, bits=bits, color=3, before=chunk(b"PLTE", COLORS[: 1 << bits].tobytes()))


def read(tmp_path, data: bytes, suffix: str = ".png") -> np.ndarray:
    path = tmp_path / f"label{suffix}"
    path.write_bytes(data)
    return read_label_ids(path)


EXACT = {
    "png 8 bits": (png(BYTES), BYTES),
    "png 8 bits by OpenCV": (by_opencv(BYTES, ".png"), BYTES),
    "png 8 bits by Pillow": (by_pillow(BYTES, "PNG"), BYTES),
    "png 4 bits": (png(IDS, bits=4), IDS),
    "png 2 bits": (png(IDS & 3, bits=2), IDS & 3),
    "png 1 bit": (png(IDS & 1, bits=1), IDS & 1),
    "png 1 bit by Pillow": (by_pillow(IDS > 7, "PNG"), IDS > 7),
    "png 1 bit by OpenCV": (by_opencv((IDS & 1) * 255, ".png", cv2.IMWRITE_PNG_BILEVEL, 1), IDS & 1),
    "png 16 bits": (png(WORDS, bits=16), WORDS),
    "png 16 bits by OpenCV": (by_opencv(WORDS, ".png"), WORDS),
    "png 16 bits by Pillow": (by_pillow(WORDS, "PNG"), WORDS),
    "png palette 8 bits": (palette_png(BYTES, 8), BYTES),
    "png palette 4 bits": (palette_png(IDS, 4), IDS),
    "png palette 2 bits": (palette_png(IDS & 3, 2), IDS & 3),
    "png palette 1 bit": (palette_png(IDS & 1, 1), IDS & 1),
    "png one id transparent": (png(BYTES, before=chunk(b"tRNS", struct.pack(">H", 0))), BYTES),
    "png with a text": (png(BYTES, after=chunk(b"tEXt", b"date\0now")), BYTES),
    "tiff 8 bits": (tiff(BYTES), BYTES),
    "tiff 4 bits": (tiff(IDS, bits=4), IDS),
    "tiff 2 bits": (tiff(IDS & 3, bits=2), IDS & 3),
    "tiff 1 bit": (tiff(IDS & 1, bits=1), IDS & 1),
    "tiff 16 bits": (tiff(WORDS), WORDS),
    "tiff 16 bits big-endian": (tiff(WORDS, order=">"), WORDS),
    "tiff 16 bits BigTIFF": (tiff(WORDS, big=True), WORDS),
    "tiff 16 bits by OpenCV": (by_opencv(WORDS, ".tif"), WORDS),
    "tiff 16 bits lzw": (by_pillow(WORDS, "TIFF", compression="tiff_lzw"), WORDS),
    "tiff int16": (tiff(IDS.astype(np.int16)), IDS),
    "tiff int32": (tiff(WORDS.astype(np.int32)), WORDS),
    "tiff int32 big-endian": (tiff(WORDS.astype(np.int32), order=">"), WORDS),
    "tiff uint32": (tiff(WORDS.astype(np.uint32)), WORDS),
    "tiff palette": (tiff(BYTES, photometric=3), BYTES),
    "tiff lzw": (by_pillow(BYTES, "TIFF", compression="tiff_lzw"), BYTES),
    "bmp 8 bits": (bmp(BYTES, bits=8), BYTES),
    "bmp 4 bits": (bmp(IDS, bits=4), IDS),
    "bmp 1 bit": (bmp(IDS & 1, bits=1), IDS & 1),
    "bmp 1 bit black and white": (bmp(IDS & 1, bits=1, palette=np.uint8([[0] * 3, [255] * 3])), IDS & 1),
    "bmp 8 bits of colours": (bmp(BYTES, bits=8, palette=COLORS), BYTES),
    "bmp 4 bits of colours": (bmp(IDS, bits=4, palette=COLORS[:16]), IDS),
    "bmp 1 bit of colours": (bmp(IDS & 1, bits=1, palette=COLORS[:2]), IDS & 1),
    "bmp by Pillow": (by_pillow(BYTES, "BMP"), BYTES),
    "gif": (by_pillow(BYTES, "GIF", optimize=False), BYTES),
    "webp lossless": (by_pillow(np.repeat(BYTES[..., None], 3, axis=2), "WEBP", lossless=True), BYTES),
}


@pytest.mark.parametrize("name", EXACT)
def test_ids_are_those_that_were_written(tmp_path, name):
    data, expected = EXACT[name]
    found = read(tmp_path, data)
    assert found.dtype in (np.uint8, np.uint16)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", EXACT)
def test_every_reader_reads_the_same(tmp_path, name):
    """The data set of a training and evaluation, and the converter of raw labels."""
    data, expected = EXACT[name]
    for folder, content in (("images", png(np.zeros((12, 16, 3), np.uint8))), ("labels", data)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(content)
    ids = np.unique(expected.astype(int)).tolist()
    folders = {"images": str(tmp_path / "images"), "labels": str(tmp_path / "labels")}
    label_map = {raw: number % 200 for number, raw in enumerate(ids)}
    dataset = FolderDataset(**folders, classes=[str(number) for number in range(200)], label_map=label_map)
    np.testing.assert_array_equal(dataset.read_label(0), np.vectorize(label_map.get)(expected.astype(int)))
    assert dataset.class_statistics().pixels[0] == sum(int((expected == raw).sum()) for raw in ids if label_map[raw] == 0)
    path = tmp_path / "labels/a.png"
    if max(ids) < 256:
        np.testing.assert_array_equal(read_ids(path, "Fix it."), expected)
    else:
        with pytest.raises(UserError, match=r"holds the id \d+, but the raw ids of this data set end at 255\. Fix it\."):
            read_ids(path, "Fix it.")


GREY = np.repeat(IDS[..., None], 3, axis=2)
REFUSED = {
    "jpeg": (by_pillow(BYTES, "JPEG", quality=100), "is an 8-bit grey JPEG, whose compression changes the values"),
    "jpeg of colours": (by_pillow(GREY, "JPEG"), "is an 8-bit RGB JPEG, whose compression changes the values"),
    "webp": (by_pillow(GREY, "WEBP", quality=100), "WebP, whose compression changes the values"),
    "webp of colours": (by_pillow(COLORS[IDS], "WEBP", lossless=True), "is an image of colours, not one channel of ids"),
    "webp with alpha": (by_pillow(np.dstack([GREY, BYTES]), "WEBP", lossless=True), "with alpha WebP, not one channel of ids"),
    "jpeg in a tiff": (by_pillow(BYTES, "TIFF", compression="jpeg"), "TIFF, whose compression changes the values"),
    "jpeg 2000": (by_pillow(BYTES, "JPEG2000"), "JPEG2000, but labels are read from PNG, TIFF, BMP, GIF, WebP alone"),
    "pgm": (by_pillow(BYTES, "PPM"), "PPM, but labels are read from PNG, TIFF, BMP, GIF, WebP alone"),
    "float32": (tiff(BYTES.astype(np.float32)), "is a 32-bit float grey TIFF, whose values are no whole numbers"),
    "float64": (tiff(BYTES.astype(np.float64)), "is a 64-bit float grey TIFF, whose values are no whole numbers"),
    "int64": (tiff(BYTES.astype(np.int64)), "is not a readable image"),
    "negative": (tiff(BYTES.astype(np.int32) - 1), r"is an image with values from -1 to \d+, but ids go from 0 to 65535"),
    "large": (tiff(BYTES.astype(np.int32) + 70_000), r"is an image with values from 70\d\d\d to 70\d\d\d, but ids go from 0 to 65535"),
    "rgb": (png(COLORS[IDS]), "is an 8-bit RGB PNG, not one channel of ids"),
    "rgb of grey": (png(GREY), "is an 8-bit RGB PNG, not one channel of ids"),
    "rgba": (png(np.dstack([GREY, BYTES])), "is an 8-bit RGB with alpha PNG, not one channel of ids"),
    "grey and alpha": (png(np.dstack([IDS, BYTES])), "is an 8-bit grey with alpha PNG, not one channel of ids"),
    "rgb of 16 bits": (png(np.dstack([WORDS] * 3), bits=16), "is a 16-bit RGB PNG, not one channel of ids"),
    "rgb tiff": (tiff(GREY), "is an 8-bit RGB TIFF, not one channel of ids"),
    "rgb bmp": (by_pillow(GREY, "BMP"), "is an 8-bit RGB BMP, not one channel of ids"),
    "two bands": (tiff(np.dstack([IDS, IDS]), extra=[0]), "is an 8-bit TIFF of 2 bands, not one channel of ids"),
    "empty": (b"", r"is empty \(0 bytes\)"),
    "text": (b"0 1 2", "is not a readable image"),
}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_content(tmp_path, name, suffix):
    data, message = REFUSED[name]
    with pytest.raises(BadFileError, match=message) as raised:
        read(tmp_path, data, suffix)
    text = str(raised.value)
    assert "\n" not in text and f"label{suffix}" in text
    assert text.endswith(("Write the class ids themselves as a grey or palette PNG.", "Copy or download the file again."))


WHOLE = {"png": png(IDS), "png 4 bits": png(IDS, bits=4), "tiff": tiff(IDS), "bmp": bmp(IDS, bits=8), "gif": by_pillow(IDS, "GIF")}


@pytest.mark.parametrize("tail", [b"x", bytes(9000), WHOLE["png"]], ids=["a byte", "zeros", "a label"])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
@pytest.mark.parametrize("content", WHOLE)
def test_neither_suffix_nor_what_follows_matter(tmp_path, content, suffix, tail):
    np.testing.assert_array_equal(read(tmp_path, WHOLE[content] + tail, suffix), IDS)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.8, 0.99])
@pytest.mark.parametrize("content", ["png", "png 4 bits", "tiff", "bmp"])
def test_cut_off(tmp_path, content, share):
    with pytest.raises(BadFileError, match=r"is (cut off|not a readable image).* \(\d+ bytes\)\. Copy or"):
        read(tmp_path, WHOLE[content][: int(len(WHOLE[content]) * share)])


def test_a_large_label_is_read(tmp_path):
    """More pixels than Pillow decodes by itself: a palette of 1 bit keeps the test small."""
    row = np.zeros((14_000, 14_000 // 8), np.uint8)
    row[9, 1000] = 1
    path = tmp_path / "large.png"
    data = png(row, bits=8)
    head = data[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 14_000, 14_000, 1, 0, 0, 0, 0))
    path.write_bytes(head + data[33:])
    found = read_label_ids(path)
    assert found.shape == (14_000, 14_000) and found[9, 8007] == 1 and np.count_nonzero(found) == 1


# Orientation


@pytest.mark.parametrize("entry", range(1, 9))
@pytest.mark.parametrize("write", [lambda entry: png(BYTES, before=exif_chunk(entry)), lambda entry: tiff(BYTES, orientation=entry)])
def test_a_label_with_an_orientation(tmp_path, write, entry):
    np.testing.assert_array_equal(read(tmp_path, write(entry)), as_shown(BYTES, entry))


def pair(tmp_path, entry: int, stored: np.ndarray, label: bytes) -> FolderDataset:
    """A photo that is stored with an orientation, and its label."""
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    photo = np.repeat(stored[..., None] * 20, 3, axis=2)
    (tmp_path / "images/a.jpg").write_bytes(by_pillow(photo, "JPEG", quality=98, exif=exif(entry)))
    (tmp_path / "labels/a.png").write_bytes(label)
    return FolderDataset(images=str(tmp_path / "images"), labels=str(tmp_path / "labels"), classes=list("abcdefghijklm"))


CLASSES = cv2.resize(RNG.integers(0, 13, (3, 4), np.uint8), (32, 24), interpolation=cv2.INTER_NEAREST)


def fits(dataset: FolderDataset, shown: np.ndarray) -> bool:
    """Whether image and label of an evaluation sample show the same, upright."""
    sample = dataset[0]
    same = np.array_equal(sample["label"].numpy(), shown)
    return same and np.abs(sample["image"][0].numpy().astype(int) - shown.astype(int) * 20).max() < 20


@pytest.mark.parametrize("entry", range(5, 9))
@pytest.mark.parametrize("upright", [False, True], ids=["as stored", "as shown"])
def test_the_size_tells_whether_a_label_is_turned(tmp_path, entry, upright):
    shown = as_shown(CLASSES, entry)
    assert fits(pair(tmp_path, entry, CLASSES, png(shown if upright else CLASSES)), shown)


@pytest.mark.parametrize("entry", range(2, 9))
def test_what_no_size_tells_is_refused(tmp_path, entry):
    stored = CLASSES[:, :24] if entry >= 5 else CLASSES
    dataset = pair(tmp_path, entry, stored, png(stored.copy()))
    with pytest.raises(BadFileError, match=rf"a\.jpg carries the EXIF orientation {entry}, and whether its label .*a\.png is turned"):
        dataset[0]


@pytest.mark.parametrize("entry", range(2, 9))
def test_a_label_that_says_that_it_is_upright(tmp_path, entry):
    stored = np.ascontiguousarray(CLASSES[:, :24]) if entry >= 5 else CLASSES
    shown = as_shown(stored, entry)
    assert fits(pair(tmp_path, entry, stored, png(shown, before=exif_chunk(1))), shown)


@pytest.mark.parametrize("entry", range(2, 9))
def test_a_label_with_the_orientation_of_its_photo(tmp_path, entry):
    assert fits(pair(tmp_path, entry, CLASSES, png(CLASSES, before=exif_chunk(entry))), as_shown(CLASSES, entry))


def test_a_photo_without_an_orientation_leaves_its_label(tmp_path):
    assert fits(pair(tmp_path, 1, CLASSES, png(CLASSES)), CLASSES)
