"""The quick decoder gives what OpenCV gives, and leaves to the others what it cannot do."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.datasets.reading import decoding
from mmseg.datasets.reading.headers import UnreadableError, read_header

RNG = np.random.default_rng(0)
COLORS = RNG.integers(0, 256, (30, 41, 3), np.uint8)


def encoded(tmp_path, image: Image.Image, **options) -> bytes:
    image.save(tmp_path / "image.png", **options)
    return (tmp_path / "image.png").read_bytes()


IMAGES = {
    "colours": (Image.fromarray(COLORS), {}),
    "grey": (Image.fromarray(COLORS[..., 0]), {}),
    "palette": (Image.fromarray(COLORS).quantize(20), {}),
    "alpha": (Image.fromarray(np.dstack([COLORS, COLORS[..., :1]])), {}),
    "one colour transparent": (Image.fromarray(COLORS), {"transparency": (1, 2, 3)}),
    "one grey transparent": (Image.fromarray(COLORS[..., 0]), {"transparency": 7}),
    "one bit": (Image.fromarray(COLORS[..., 0] > 99), {}),
}


@pytest.mark.parametrize("name", IMAGES)
def test_same_colours_as_opencv(tmp_path, name):
    data = encoded(tmp_path, IMAGES[name][0], **IMAGES[name][1])
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    found = decoding.decode_color(data, read_header(data))
    assert found.dtype == expected.dtype and found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected)


def test_the_quick_decoder_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding.cv2, "imdecode", lambda *_: pytest.fail("OpenCV decoded a plain PNG"))
    monkeypatch.setattr(decoding.Image, "open", lambda *_: pytest.fail("Pillow decoded a plain PNG"))
    data = encoded(tmp_path, IMAGES["colours"][0])
    np.testing.assert_array_equal(decoding.decode_color(data, read_header(data)), COLORS[..., ::-1])
    data = encoded(tmp_path, IMAGES["grey"][0])
    np.testing.assert_array_equal(decoding.decode_ids(data, read_header(data)), COLORS[..., 0])


DAMAGES = [lambda data: data[:-40], lambda data: data[:80] + bytes(4) + data[84:], lambda data: data[:20], lambda _: b"x"]


@pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "changed", "header alone", "no PNG"])
def test_what_is_damaged_is_never_half_decoded(tmp_path, damage):
    """OpenCV itself gives a part of the pixels for three of these."""
    data = damage(encoded(tmp_path, IMAGES["colours"][0]))
    with pytest.raises(UnreadableError):
        decoding.decode_color(data, read_header(data))
