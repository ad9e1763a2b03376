"""The quick decoder gives what OpenCV gives, and leaves to OpenCV what it cannot do."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.datasets.reading import decoding

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
    "16 bits": (Image.fromarray(COLORS[..., 0].astype(np.uint16) * 200), {}),
}


@pytest.mark.parametrize("mode", [decoding.COLOR, decoding.UNCHANGED], ids=["color", "unchanged"])
@pytest.mark.parametrize("name", IMAGES)
def test_same_values_as_opencv(tmp_path, name, mode):
    data = encoded(tmp_path, IMAGES[name][0], **IMAGES[name][1])
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    found = decoding.decode(data, mode)
    assert found.dtype == expected.dtype and found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected)


def test_the_quick_decoder_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding.cv2, "imdecode", lambda *_: pytest.fail("OpenCV decoded a plain PNG"))
    np.testing.assert_array_equal(decoding.decode(encoded(tmp_path, *IMAGES["colours"][:1]), decoding.COLOR), COLORS[..., ::-1])
    np.testing.assert_array_equal(decoding.decode(encoded(tmp_path, *IMAGES["grey"][:1]), decoding.UNCHANGED), COLORS[..., 0])


DAMAGES = [lambda data: data[:-40], lambda data: data[:80] + bytes(4) + data[84:], lambda data: data[:20], lambda _: b"x"]


@pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "changed", "header alone", "no PNG"])
def test_what_is_broken_is_as_broken_for_opencv(tmp_path, damage, capfd):
    data = damage(encoded(tmp_path, IMAGES["colours"][0]))
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), decoding.COLOR)
    found = decoding.decode(data, decoding.COLOR)
    assert (found is None) == (expected is None)
    assert found is None or np.array_equal(found, expected)
