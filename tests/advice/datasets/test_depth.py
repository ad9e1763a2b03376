"""Advice about the depth of a source."""

import shutil

import numpy as np
import pytest

from mmseg.datasets import SynthiaDataset
from mmseg.datasets.conversion.depth_check import DepthSummary
from tests.advice.following import advice
from tests.datasets.toy import HEIGHT, WIDTH, make_synthia, position_depth, write_png
from tools import make_demo_data


@pytest.fixture
def root(tmp_path):
    return make_synthia(tmp_path / "synthia")


def build(root, depth_dir="Depth/Depth") -> SynthiaDataset:
    return SynthiaDataset(data_root=str(root), ann_dir="GT/LABELS", depth_dir=depth_dir)


def test_images_without_depth(root):
    depth = (root / "Depth/Depth").rename(root / "elsewhere")
    fix = advice("{}: {}. {}", lambda: build(root), file="depth_files.py")[-1]
    lines = DepthSummary(root / "Depth/Depth", 6, [root / "Depth/Depth/0000000.png"], [], [], 0).lines()
    advice("{} missing, first {}. Unpack the depth images of the data set there, or change depth_dir.", list(lines)[1])
    assert fix.endswith("Unpack the depth images of the data set there, or change depth_dir.")
    assert build(root, "elsewhere").has_depth
    depth.rename(root / "Depth/Depth")
    assert build(root).has_depth


def test_a_file_of_another_kind(root):
    data, size = build(root), (HEIGHT, WIDTH)
    path = data.depth_paths(0)[0]
    write_png(path, np.full(size, 9, np.uint8))
    advice("{} is {}, no 16-bit depth. Write the distance in centimetres as a 16-bit grey PNG.", lambda: data.read_depth(0, size))
    write_png(path, np.zeros(size, np.uint16))
    advice("holds the depth 0 everywhere. Write the distance in centimetres as a 16-bit grey PNG.", lambda: data.read_depth(0, size))
    write_png(path, position_depth(0))
    assert data.read_depth(0, size).shape == size


def test_a_file_of_another_image(root):
    data, size = build(root), (HEIGHT, WIDTH)
    write_png(data.depth_paths(0)[0], position_depth(0)[:20])
    advice("Copy the depth that belongs to the image again.", lambda: data.read_depth(0, size))
    write_png(data.depth_paths(0)[0], position_depth(0))
    assert data.read_depth(0, size).shape == size


def test_demo_data_without_depth(layouts, tmp_path, call):
    """Demo data of a version that drew no depth: the command that the error names adds it."""
    demo = layouts.rename(tmp_path / "demo")
    shutil.rmtree(demo / "synthia/Depth")
    said = advice("Draw the demo data with: python tools/make_demo_data.py --out {}{}", lambda: build(demo / "synthia"))
    assert "".join(said) == f"{demo} --layout synthia"
    call(make_demo_data.main, "--out", *"".join(said).split(), "--nproc", "1")
    assert build(demo / "synthia").has_depth
