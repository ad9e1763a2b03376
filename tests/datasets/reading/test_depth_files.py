"""Depth of a simulator: files of 16 bits, one or three channels, as inverse depth."""

import cv2
import numpy as np
import pytest

from mmseg.datasets import SynthiaDataset
from mmseg.datasets.base import without_labels
from mmseg.datasets.reading.depth_files import inverse_depth, read_depth, read_raw_depth
from mmseg.utils.errors import BadFileError, UserError
from tests.datasets.toy import HEIGHT, WIDTH, make_synthia, position_depth, write_png

RAW = np.array([[0, 1, 99], [1023, 65534, 65535]], np.uint16)


def test_inverse_depth():
    """1 m is 100, the sky 65535; z goes from 1 to 65536 and is rounded once."""
    found = inverse_depth(RAW)
    assert found.dtype == np.float32 and np.array_equal(found, np.float32([[65536, 32768, 655.36], [64, 65536 / 65535, 1]]))
    every = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(inverse_depth(every), (65536 / (every + 1.0)).astype(np.float32))


@pytest.mark.parametrize("pixels", [RAW, np.dstack([RAW] * 3)], ids=["grey", "three channels"])
def test_equal_channels_are_one(tmp_path, pixels):
    path = write_png(tmp_path / "depth.png", pixels)
    assert np.array_equal(read_raw_depth(path), RAW) and read_raw_depth(path).dtype == np.uint16
    assert np.array_equal(read_depth(path), inverse_depth(RAW))


def test_every_value_of_three_equal_channels_survives(tmp_path):
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(read_raw_depth(write_png(tmp_path / "depth.png", np.dstack([every] * 3))), every)


def test_single_zeros_are_depth(tmp_path):
    """Raw 0 occurs in SYNTHIA; a file of nothing else shows nothing."""
    assert read_depth(write_png(tmp_path / "some.png", RAW)).max() == 65536
    with pytest.raises(BadFileError, match=r"none.png holds the depth 0 everywhere\."):
        read_raw_depth(write_png(tmp_path / "none.png", np.zeros_like(RAW)))


def test_other_kinds_of_files(tmp_path):
    infinite = np.full((4, 5), np.inf, np.float32)
    assert cv2.imwrite(str(tmp_path / "float.tiff"), infinite)
    with pytest.raises(BadFileError, match=r"float.tiff is a 32-bit float grey TIFF, no 16-bit depth\. Write the distance"):
        read_raw_depth(tmp_path / "float.tiff")
    with pytest.raises(BadFileError, match=r"an 8-bit RGB PNG, no 16-bit depth"):
        read_raw_depth(write_png(tmp_path / "colours.png", np.zeros((4, 5, 3), np.uint8)))
    with pytest.raises(BadFileError, match=r"absent.png"):
        read_raw_depth(tmp_path / "absent.png")
    whole = write_png(tmp_path / "cut.png", position_depth(0)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFileError, match=r"cut.png is cut off"):
        read_raw_depth(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    with pytest.raises(BadFileError, match=r"cut.png is damaged"):
        read_raw_depth(tmp_path / "cut.png")


def synthia(root, **options) -> SynthiaDataset:
    return SynthiaDataset(data_root=str(root), ann_dir="GT/LABELS", **{"depth_dir": "Depth/Depth", **options})


def test_a_data_set_with_depth(tmp_path):
    data = synthia(make_synthia(tmp_path))
    assert data.has_depth and not synthia(tmp_path, depth_dir=None).has_depth
    assert data.depth_paths(2) == [tmp_path / "Depth/Depth/0000002.png"]
    assert np.array_equal(data.read_depth(2, (HEIGHT, WIDTH)), position_depth(2))
    assert synthia(tmp_path, depth_dir=None).read_depth(2, (HEIGHT, WIDTH)) is None


def test_a_target_has_no_depth(tmp_path):
    """As its labels, its depth is never looked for."""
    config = {"type": "SynthiaDataset", "data_root": str(tmp_path), "ann_dir": "GT/LABELS", "depth_dir": "nowhere"}
    assert without_labels(config) == {"type": "SynthiaDataset", "data_root": str(tmp_path), "ann_dir": None}


def test_sizes_are_compared(tmp_path):
    data = synthia(make_synthia(tmp_path))
    write_png(data.depth_paths(1)[0], position_depth(1)[:20])
    with pytest.raises(BadFileError, match=r"Depth/0000001.png has 80x20, its image 80x40\. Copy the depth"):
        data.read_depth(1, (HEIGHT, WIDTH))


def test_missing_files_are_counted(tmp_path):
    data = synthia(make_synthia(tmp_path))
    for index in (1, 3):
        data.depth_paths(index)[0].unlink()
    with pytest.raises(UserError, match=r"SynthiaDataset: 2 of 6 images have no depth, first .*Depth/0000001.png\. Unpack"):
        synthia(tmp_path)
    with pytest.raises(UserError, match=r"6 of 6 images have no depth"):
        synthia(tmp_path, depth_dir="nowhere")
