"""Advice about CamVid, in its public and in its original form."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mmseg.datasets import CamVidDataset, RareClassOptions
from mmseg.datasets.conversion.camvid import CAMVID, place_photographs
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.sampling.rare_class_sampling import build_rare_class_table
from tests.advice.following import advice
from tests.datasets.conversion.test_camvid import coloured, make_camvid, make_original
from tests.datasets.toy import write_png

RARE = RareClassOptions(min_pixels=1, class_temp=0.01, min_crop_ratio=1.0)


@pytest.fixture
def public(tmp_path) -> Path:
    return make_camvid(tmp_path / "public")


def convert(root: Path):
    """What the command does."""
    place_photographs(root)
    return convert_dataset(root=root, raw=CAMVID, nproc=1)


def follow(python: str, command: str) -> None:
    """``python tools/convert_datasets/camvid.py FOLDER``."""
    tool, folder = command.split()
    assert (python, tool) == ("python", "tools/convert_datasets/camvid.py")
    convert(Path(folder))


def training(root: Path) -> CamVidDataset:
    return CamVidDataset(data_root=str(root), img_dir="train", ann_dir="trainannot")


def test_the_original_form(tmp_path):
    root = make_original(tmp_path / "original")
    _, python, command = advice("{}. Convert it with: {} {}", lambda: training(root))
    follow(python, command)
    assert len(training(root)) == 3


def test_coloured_labels_in_the_public_folders(public):
    label = public / "trainannot/0001TP_006690.png"
    write_png(label, coloured(np.zeros((10, 12), np.uint8)))
    data = training(public)
    python, command = advice(
        "Copy the folders of CamVid again, or make them from its original form with: {} {}", lambda: data.read_label(0)
    )
    for name in ("train", "trainannot", "val", "valannot", "test", "testannot"):
        shutil.rmtree(public / name)
    make_original(public)
    follow(python, command)
    assert training(public).read_label(0).shape == (10, 12)


def test_labels_that_were_not_counted(public):
    data = training(public)
    python, command = advice("Make them with: {} {}", lambda: build_rare_class_table(data, RARE))
    follow(python, command)
    assert build_rare_class_table(data, RARE).classes.size == 11


def test_folders_that_are_not_there(public, tmp_path):
    root = tmp_path / "camvid"
    root.mkdir()
    advice("Put the folders of CamVid there (train, trainannot, val, valannot, test, testannot)", lambda: convert(root))
    shutil.copytree(public, root, dirs_exist_ok=True)
    assert convert(root).files == 6


def test_a_broken_label(public):
    path = public / "valannot/0016E5_07959.png"
    content = path.read_bytes()
    path.write_bytes(b"")
    advice("Copy this label of CamVid again.", lambda: convert(public))
    path.write_bytes(content)
    assert convert(public).files == 6


def test_labels_without_photographs(tmp_path):
    root = make_original(tmp_path / "original")
    photographs = Path(shutil.move(root / "701_StillsRaw_full", tmp_path / "elsewhere"))
    advice("Copy the folder of photographs that belongs to them (701_StillsRaw_full) there.", lambda: convert(root))
    shutil.copytree(photographs, root / "701_StillsRaw_full")
    assert convert(root).written == 6
