"""Advice about labels: raw ones that are converted, train ids, and what was counted in them."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.datasets import ACDCDataset, BDD100KDataset, CityscapesDataset, FolderDataset, GTADataset, RareClassOptions
from mmseg.datasets.conversion import raw_labels
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import ACDC, CITYSCAPES, GTA, MAPILLARY, SYNTHIA
from mmseg.datasets.sampling.rare_class_sampling import build_rare_class_table
from tests.advice.following import advice
from tests.datasets.toy import write_png
from tools.convert_datasets import acdc as acdc_tool
from tools.convert_datasets import gta as gta_tool

RARE = RareClassOptions(min_pixels=1, class_temp=0.1)

# Folders of raw labels


@pytest.fixture
def layouts(tiny_layouts, tmp_path) -> Path:
    """All demo domains with raw labels, to be broken."""
    return Path(shutil.copytree(tiny_layouts, tmp_path / "layouts"))


def convert(root: Path, raw: raw_labels.RawLabels):
    return lambda: convert_dataset(root=root, raw=raw, nproc=1)


def unpacked(layouts: Path, name: str, folder: str, root: Path) -> None:
    """What is in the archive that the error names."""
    shutil.copytree(layouts / name / folder, root / folder, dirs_exist_ok=True)


def test_gta(layouts, tmp_path):
    root = tmp_path / "gta"
    (root / "labels").mkdir(parents=True)
    advice("Put the GTA label archives into the data folder, or unpack them there", convert(root, GTA))
    unpacked(layouts, "gta", "labels", root)
    assert convert(root, GTA)().files == 6


def test_a_folder_by_another_name(layouts, tmp_path):
    """An archive in the data folder does as well as what is in it, and so does the folder that is named."""
    root = tmp_path / "cityscapes"
    *_, folder = advice("{}, or name the folder that holds {}/.", convert(root, CITYSCAPES))
    assert convert(layouts / "cityscapes", CITYSCAPES)().files == 6 and (layouts / "cityscapes" / folder).is_dir()
    root.mkdir()
    shutil.make_archive(str(root / "gtFine_trainvaltest"), "zip", layouts / "cityscapes", folder)
    assert convert(root, CITYSCAPES)().files == 6


def test_cityscapes_without_its_training(layouts, tmp_path):
    root = tmp_path / "cityscapes"
    unpacked(layouts, "cityscapes", "gtFine/val", root)
    advice(
        "holds no train/<city>/*_labelIds.png ({}). Put gtFine_trainvaltest.zip into the data folder, or unpack it there.",
        convert(root, CITYSCAPES),
    )
    unpacked(layouts, "cityscapes", "gtFine", root)
    assert convert(root, CITYSCAPES)().files == 6


def test_synthia(layouts, tmp_path):
    root = tmp_path / "synthia"
    root.mkdir()
    advice("Unpack SYNTHIA_RAND_CITYSCAPES.rar there", convert(root, SYNTHIA))
    unpacked(layouts, "synthia", "GT", root)
    assert convert(root, SYNTHIA)().files == 6


def test_mapillary(layouts, tmp_path):
    root = tmp_path / "mapillary"
    advice("{} {}. Unpack Mapillary Vistas v1.2 there.", convert(root, MAPILLARY))
    unpacked(layouts, "mapillary", "training", root)
    assert convert(root, MAPILLARY)().files == 4


def test_acdc(layouts, tmp_path):
    root = tmp_path / "acdc"
    root.mkdir()
    advice("Unpack rgb_anon_trainvaltest.zip and gt_trainval.zip there", convert(root, ACDC))
    unpacked(layouts, "acdc", "rgb_anon", root)
    (root / "gt").mkdir()
    advice("Unpack gt_trainval.zip into {}.", convert(root, ACDC))
    unpacked(layouts, "acdc", "gt", root)
    assert convert(root, ACDC)().counted == 4


# Raw labels that are broken


def first_label(root: Path, pattern: str) -> Path:
    return sorted(root.glob(pattern))[0]


def broken(root: Path, pattern: str) -> tuple[Path, bytes]:
    """Empties a label; its name and what it held, as the archive has it."""
    path = first_label(root, pattern)
    content = path.read_bytes()
    path.write_bytes(b"")
    return path, content


def unpack_again(root: Path, raw, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert convert(root, raw)().files > 0


def test_broken_labels_of_gta(layouts):
    root = layouts / "gta"
    path, content = broken(root, "labels/0000[0-9].png")
    advice("Download and unpack the GTA label archive that holds it again.", convert(root, GTA))
    unpack_again(root, GTA, path, content)
    cv2.imwrite(str(path), np.full((64, 128), 300, np.uint16))
    advice("Download and unpack the GTA label archive that holds it again.", convert(root, GTA))
    unpack_again(root, GTA, path, content)


def test_broken_labels_of_cityscapes(layouts):
    path, content = broken(layouts / "cityscapes", "gtFine/train/*/*_labelIds.png")
    advice("Download and unpack gtFine_trainvaltest.zip again.", convert(layouts / "cityscapes", CITYSCAPES))
    unpack_again(layouts / "cityscapes", CITYSCAPES, path, content)


def test_broken_labels_of_synthia(layouts):
    path, content = broken(layouts / "synthia", "GT/LABELS/000000[0-9].png")
    cv2.imwrite(str(path), np.zeros((64, 128), np.uint8))
    advice("Unpack SYNTHIA_RAND_CITYSCAPES.rar again.", convert(layouts / "synthia", SYNTHIA))
    unpack_again(layouts / "synthia", SYNTHIA, path, content)


def test_broken_labels_of_mapillary(layouts):
    path, content = broken(layouts / "mapillary", "training/labels/*_key.png")
    advice("Unpack Mapillary Vistas v1.2 again.", convert(layouts / "mapillary", MAPILLARY))
    unpack_again(layouts / "mapillary", MAPILLARY, path, content)


def test_broken_labels_of_acdc(layouts):
    path, content = broken(layouts / "acdc", "gt/*/train/*/*_gt_labelTrainIds.png")
    advice("Unpack gt_trainval.zip again.", convert(layouts / "acdc", ACDC))
    unpack_again(layouts / "acdc", ACDC, path, content)


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
    python, command = advice("Create it with: {} {}", lambda: dataset.read_label(0))
    assert f"{python} {command}" == f"python tools/convert_datasets/gta.py {root}"
    works(gta_tool.main, command.split()[1], "--nproc", "1")
    assert np.array_equal(dataset.read_label(0), right)


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
    folder, _ = advice("Move {}/sample*class*.json elsewhere. {}", data.class_statistics)
    for path in Path(folder).glob("sample*class*.json"):
        path.rename(tmp_path / path.name)
    works(gta_tool.main, folder, "--nproc", "1")
    assert data.class_statistics() == before


@pytest.mark.parametrize("change", [lambda entries: entries[1:], lambda entries: [*entries, {"file": "labels/x.png"}], lambda _: None])
def test_statistics_that_are_stale(tiny_data, tmp_path, works, change):
    root = Path(shutil.copytree(tiny_data / "gta", tmp_path / "gta"))
    data = GTADataset(data_root=str(root), ann_dir="labels")
    before = data.class_statistics()
    path = root / "sample_class_stats.json"
    entries = change(json.loads(path.read_text()))
    path.write_text(json.dumps(entries)) if entries else path.unlink()
    _, command = advice("Create it with: {} {}", data.class_statistics)
    works(gta_tool.main, command.split()[1], "--nproc", "1")
    assert data.class_statistics() == before
