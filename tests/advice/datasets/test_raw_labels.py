"""Advice about raw labels that are converted."""

import shutil
from pathlib import Path

import cv2
import numpy as np

from mmseg.datasets.conversion import raw_labels
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import ACDC, CITYSCAPES, GTA, MAPILLARY, SYNTHIA
from tests.advice.following import advice

# Folders of raw labels


def convert(root: Path, raw: raw_labels.RawLabels):
    return lambda: convert_dataset(root=root, raw=raw, nproc=1)


def unpacked(layouts: Path, name: str, folder: str, root: Path) -> None:
    """What is in the archive that the error names."""
    shutil.copytree(layouts / name / folder, root / folder, dirs_exist_ok=True)


def test_gta(layouts, tmp_path):
    root = tmp_path / "gta"
    (root / "labels").mkdir(parents=True)
    (root / "labels/readme.png").write_bytes(b"")
    advice("{} holds no label such as {}. {}.", convert(root, GTA))
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
    advice("holds the id {}, but the raw ids of this data set end at 255. {}", convert(root, GTA))
    advice("Download and unpack the GTA label archive that holds it again.", convert(root, GTA))
    unpack_again(root, GTA, path, content)


def test_broken_labels_of_cityscapes(layouts):
    path, content = broken(layouts / "cityscapes", "gtFine/train/*/*_labelIds.png")
    advice("Download and unpack gtFine_trainvaltest.zip again.", convert(layouts / "cityscapes", CITYSCAPES))
    unpack_again(layouts / "cityscapes", CITYSCAPES, path, content)


def test_broken_labels_of_synthia(layouts):
    path, content = broken(layouts / "synthia", "GT/LABELS/000000[0-9].png")
    cv2.imwrite(str(path), np.zeros((64, 128), np.uint8))
    advice("no 16-bit RGB PNG with the class in its red channel. {}", convert(layouts / "synthia", SYNTHIA))
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
