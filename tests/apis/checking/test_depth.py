"""What the data check finds in the depth of a source."""

import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.apis.checking.data import check_data
from mmseg.utils.storage.images import write_image
from tests.apis.data_config import data_config


@pytest.fixture
def data(tiny_layouts, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_layouts, tmp_path / "data"))


def report_of(data: Path, **options):
    source = {"type": "SynthiaDataset", "data_root": str(data / "synthia"), "ann_dir": "GT/LABELS", "depth_dir": "Depth/Depth"}
    cfg = data_config(data)
    cfg.train_dataloader.dataset.source = {**source, **options}
    return check_data(cfg, which="train")[0]


def test_whole_depth(data):
    assert not report_of(data).fatal


def test_every_kind_of_bad_depth_is_found(data):
    depth = data / "synthia/Depth/Depth"
    some = cv2.imread(str(depth / "0000003.png"), cv2.IMREAD_UNCHANGED)
    (depth / "0000000.png").unlink()
    (depth / "0000001.png").write_bytes(b"")
    write_image(depth / "0000002.png", np.full((32, 64), 9, np.uint16))
    some[0, :3] = 0
    write_image(depth / "0000003.png", some)
    write_image(depth / "0000004.png", np.zeros_like(some))
    found = report_of(data).findings
    kinds = Counter((finding.kind, finding.fatal) for finding in found if "depth" in finding.kind)
    assert kinds == {("missing depth", True): 1, ("broken depth", True): 2, ("depth size", True): 1, ("depth 0", False): 1}
    texts = {finding.kind: finding.text for finding in found}
    assert "3 in all" in texts["depth 0"] and "1 of 2 depth images" in texts["depth 0"]
    assert "has 64x32, its image 128x64" in texts["depth size"]
    assert texts["missing depth"].endswith("0000000.png. Unpack the depth images of the data set there, or change depth_dir.")
    assert all("\n" not in text for text in texts.values())


def test_a_missing_label_beside_depth(data):
    (data / "synthia/GT/LABELS/0000002_labelTrainIds.png").unlink()
    assert {finding.kind for finding in report_of(data).fatal} == {"missing label"}
    shutil.rmtree(data / "synthia/Depth")
    assert Counter(finding.kind for finding in report_of(data).fatal) == {"missing label": 1, "missing depth": 6}


def test_a_broken_image_leaves_its_depth_checked(data):
    (data / "synthia/RGB/0000001.png").write_bytes(b"")
    (data / "synthia/Depth/Depth/0000001.png").write_bytes(b"")
    assert {finding.kind for finding in report_of(data).fatal} == {"broken image", "broken depth"}
