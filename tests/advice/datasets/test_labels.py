"""Advice about train ids, and about what was counted in labels."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.datasets import ACDCDataset, BDD100KDataset, CityscapesDataset, FolderDataset, GTADataset, RareClassOptions
from mmseg.datasets.sampling.rare_class_sampling import build_rare_class_table
from tests.advice.following import advice
from tests.datasets.toy import write_png
from tools.convert_datasets import acdc as acdc_tool
from tools.convert_datasets import gta as gta_tool

RARE = RareClassOptions(min_pixels=1, class_temp=0.1)


# Train ids


def test_label_ids_instead_of_train_ids(tiny_data):
    """The user's own ground truth is never to be deleted."""
    folders = {"data_root": str(tiny_data / "cityscapes"), "img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val"}
    suffix, rest = advice(
        "These are label ids, not train ids: set seg_map_suffix='{}', or leave it out. {}",
        lambda: CityscapesDataset(**folders, seg_map_suffix="_gtFine_labelIds.png")[0],
    )
    assert "elete" not in rest
    assert CityscapesDataset(**folders, seg_map_suffix=suffix)[0]["label"].max() <= 255
    assert CityscapesDataset(**folders)[0]["label"].max() <= 255


def test_a_converted_label_with_wrong_values(tiny_data, tmp_path, works):
    root = shutil.copytree(tiny_data / "gta", tmp_path / "gta")
    dataset = GTADataset(data_root=str(root), ann_dir="labels")
    right = dataset.read_label(0)
    cv2.imwrite(str(dataset.label_path(0)), np.full_like(right, 33))
    advice("{} holds the label {}, which is neither a train id (0..{}) nor {}. {}", lambda: dataset.read_label(0))
    python, command = advice("Create it with: {} {}", lambda: dataset.read_label(0))
    assert f"{python} {command}" == f"python tools/convert_datasets/gta.py {root}"
    works(gta_tool.main, command.split()[1], "--nproc", "1")
    assert np.array_equal(dataset.read_label(0), right)


def test_labels_that_are_missing(tiny_data, tmp_path, works):
    root = Path(shutil.copytree(tiny_data / "gta", tmp_path / "gta"))
    sorted(root.glob("labels/*_labelTrainIds.png"))[0].unlink()
    *_, fix = advice("{}: {}, first {}. {}", lambda: GTADataset(data_root=str(root), ann_dir="labels"))
    works(gta_tool.main, fix.split()[-1], "--nproc", "1")
    assert GTADataset(data_root=str(root), ann_dir="labels").read_label(0).shape == (64, 128)


@pytest.fixture
def unconverted(tmp_path) -> dict:
    """A data set that no command converts, with one label that holds other ids."""
    write_png(tmp_path / "images/10k/val/a.jpg", np.zeros((4, 6, 3), np.uint8))
    write_png(tmp_path / "labels/sem_seg/masks/val/a.png", np.full((4, 6), 33, np.uint8))
    return {"data_root": str(tmp_path), "img_dir": "images/10k/val", "ann_dir": "labels/sem_seg/masks/val"}


def test_labels_that_nothing_converts(unconverted, tmp_path):
    data = BDD100KDataset(**unconverted)
    (last,) = advice("Write it as train ids 0..{} and 255.", lambda: data.read_label(0))
    write_png(data.label_path(0), np.full((4, 6), int(last), np.uint8))
    assert data.read_label(0).max() == int(last)


# Statistics


def test_statistics_that_nothing_counts(unconverted):
    """Of labels that are train ids already: another data set counts them."""
    write_png(Path(unconverted["data_root"]) / "labels/sem_seg/masks/val/a.png", np.zeros((4, 6), np.uint8))
    advice(
        "Read its labels with a FolderDataset, which counts them itself, or leave rare_class_sampling out.",
        lambda: build_rare_class_table(BDD100KDataset(**unconverted), RARE),
    )
    root = Path(unconverted["data_root"])
    folders = {"images": str(root / unconverted["img_dir"]), "labels": str(root / unconverted["ann_dir"])}
    data = FolderDataset(**folders, classes=list(BDD100KDataset.classes), ignore=[255])
    assert build_rare_class_table(data, RARE).classes.tolist() == [0]


def test_statistics_of_acdc(layouts, works):
    root = layouts / "acdc"
    data = ACDCDataset(data_root=str(root), img_dir="rgb_anon/train", ann_dir="gt/train")
    for path in root.glob("sample*class*.json"):
        path.unlink()
    (folder,) = advice("Create it with: python tools/convert_datasets/acdc.py {}", lambda: build_rare_class_table(data, RARE))
    works(acdc_tool.main, folder, "--nproc", "1")
    assert build_rare_class_table(data, RARE)


def test_statistics_of_other_labels(tiny_data, tmp_path, works):
    """What their fingerprint does not give away: numbers that were changed by hand."""
    root = Path(shutil.copytree(tiny_data / "gta", tmp_path / "gta"))
    data = GTADataset(data_root=str(root), ann_dir="labels")
    before = data.class_statistics()
    files = json.loads((root / "sample_class_stats.json").read_text())
    (root / "sample_class_stats.json").write_text(json.dumps([{**entry, "25": 3} for entry in files]))
    advice("RareClassSampling: the class statistics in {} {}. {}", data.class_statistics)
    folder, _ = advice("Move {}/sample*class*.json elsewhere. {}", data.class_statistics)
    for path in Path(folder).glob("sample*class*.json"):
        path.rename(tmp_path / path.name)
    works(gta_tool.main, folder, "--nproc", "1")
    assert data.class_statistics() == before


CHANGES = {
    "a label less": lambda entries: entries[1:],
    "a label more": lambda entries: [*entries, {"file": "labels/x.png"}],
    "no file": lambda _: None,
    "another label": lambda entries: entries,
}


@pytest.mark.parametrize("change", CHANGES)
def test_statistics_that_are_stale(tiny_data, tmp_path, works, change):
    root = Path(shutil.copytree(tiny_data / "gta", tmp_path / "gta"))
    data = GTADataset(data_root=str(root), ann_dir="labels")
    before = data.class_statistics()
    path = root / "sample_class_stats.json"
    entries = CHANGES[change](json.loads(path.read_text()))
    path.write_text(json.dumps(entries)) if entries else path.unlink()
    if change == "another label":
        cv2.imwrite(str(data.label_path(0)), np.zeros((64, 128), np.uint8))
        advice("or by an earlier version: the statistics are stale. {}", data.class_statistics)
    elif change == "no file":
        advice("RareClassSampling needs class statistics, but {} does not exist. {}", data.class_statistics)
    _, command = advice("Create it with: {} {}", data.class_statistics)
    works(gta_tool.main, command.split()[1], "--nproc", "1")
    assert data.class_statistics() == before
