"""Images and labels are read from zip archives as from folders."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

from mmseg.datasets import CityscapesDataset, GTADataset, RunningIndexSampler, UDADataset
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import CITYSCAPES, GTA, TRAIN_ID_SUFFIX, raw_files
from mmseg.datasets.reading.image_files import list_files, read_image
from mmseg.datasets.statistics.files import CLASS_FILE, STATS_FILE
from mmseg.utils.errors import UserError
from tests.datasets.toy import crop, make_cityscapes, make_gta, position_image
from tests.datasets.toy import source_config as gta_config


def pack(archive: Path, root: Path, names: list[str]) -> Path:
    """Moves files into an archive, under their paths relative to ``root``."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("__MACOSX/images/._00001.png", b"")
        for name in names:
            target.write(root / name, name)
            (root / name).unlink()
    return archive


@pytest.fixture
def gta(tmp_path):
    """GTA as it is downloaded: two archives of images; the labels are converted."""
    root = make_gta(tmp_path / "gta")
    names = [f"images/{number:05}.png" for number in range(1, 7)]
    pack(root / "01_images.zip", root, names[:3])
    pack(root / "02_images.zip", root, names[3:])
    shutil.rmtree(root / "images")
    return root


def test_several_archives(gta):
    dataset = GTADataset(data_root=str(gta), img_dir="*_images.zip/images", ann_dir="labels")
    assert dataset.images.names == tuple(f"{number:05}.png" for number in range(1, 7))
    assert dataset.images.path(4) == gta / "02_images.zip/images/00005.png"
    for index in range(6):
        np.testing.assert_array_equal(dataset.images.read(index), position_image(index + 1))


def test_one_archive_with_labels(tmp_path):
    root = make_cityscapes(tmp_path / "cityscapes", labels=True)
    folder = CityscapesDataset(data_root=str(root), img_dir="leftImg8bit/val", ann_dir="gtFine/val")
    expected = [folder[index] for index in range(len(folder))]
    pack(
        root / "leftImg8bit_trainvaltest.zip",
        root,
        [f"leftImg8bit/{split}/{name}" for split in ("train", "val") for name in folder.images.names],
    )
    pack(root / "gtFine.zip", root, [f"gtFine/val/{name}" for name in folder.label_names])
    packed = CityscapesDataset(data_root=str(root), img_dir="leftImg8bit_trainvaltest.zip/leftImg8bit/val", ann_dir="gtFine.zip/gtFine/val")
    assert packed.images.names == folder.images.names
    for index, sample in enumerate(expected):
        assert np.array_equal(packed[index]["image"], sample["image"]) and np.array_equal(packed[index]["label"], sample["label"])


def test_an_archive_as_data_root(gta):
    assert len(GTADataset(data_root=str(gta / "01_images.zip"), img_dir="images")) == 3


def test_samples_are_those_of_the_folder(gta, tmp_path):
    """Also with workers, each of which opens the archives itself."""
    rare = {"min_pixels": 20, "class_temp": 0.1, "min_crop_ratio": 0.5}
    options = {"source_crop": crop(cat_max_ratio=0.75), "rare_class_sampling": rare}
    folder = UDADataset(source=gta_config(make_gta(tmp_path / "folder")), **options)
    packed = UDADataset(source={**gta_config(gta), "img_dir": "*_images.zip/images"}, **options)
    packed[0]  # opened before the workers are forked
    loader = DataLoader(packed, 4, sampler=RunningIndexSampler(dataset=packed), num_workers=2)
    batches = iter(loader)
    images = np.concatenate([next(batches)["source"]["image"] for _ in range(5)])
    del batches
    for index, image in enumerate(images):
        np.testing.assert_array_equal(image, folder[index]["source"]["image"])


def test_hidden_members_are_skipped(gta):
    assert list_files(gta / "01_images.zip", ".png") == ("images/00001.png", "images/00002.png", "images/00003.png")


def test_a_folder_may_be_called_zip(tmp_path):
    root = make_gta(tmp_path / "gta.zip", 2)
    assert len(GTADataset(data_root=str(root), ann_dir="labels")) == 2


def test_missing_member(gta):
    with pytest.raises(UserError, match=r"01_images.zip holds no file images/00009.png. Download the archive again"):
        read_image(gta / "01_images.zip/images/00009.png")


@pytest.mark.parametrize("img_dir", ["03_images.zip/images", "*_pictures.zip/images"])
def test_missing_archive(gta, img_dir):
    with pytest.raises(UserError, match=r"GTADataset: the image folder .*_(images|pictures).zip/images does not exist. Put the data there"):
        GTADataset(data_root=str(gta), img_dir=img_dir)


def test_wrong_folder_in_an_archive(gta):
    with pytest.raises(UserError, match=r"01_images.zip/pictures holds no file that ends with '.png'"):
        GTADataset(data_root=str(gta), img_dir="01_images.zip/pictures")


def test_cut_archive(gta):
    archive = gta / "01_images.zip"
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(UserError, match=r"01_images.zip cannot be opened as a zip archive .* Download it again."):
        GTADataset(data_root=str(gta), img_dir="01_images.zip/images")


def test_damaged_member(gta):
    archive = gta / "01_images.zip"
    with zipfile.ZipFile(archive) as opened:
        place = opened.getinfo("images/00002.png").header_offset + 80
    content = bytearray(archive.read_bytes())
    content[place : place + 20] = bytes(20)
    archive.write_bytes(content)
    with pytest.raises(UserError, match=r"01_images.zip/images/00002.png is damaged .* Download the archive again."):
        read_image(archive / "images/00002.png")


@pytest.mark.parametrize(
    ("raw", "layout", "folder"), [(GTA, "gta", "labels"), (CITYSCAPES, "cityscapes", "gtFine")], ids=["gta", "cityscapes"]
)
def test_raw_labels_are_converted_out_of_their_archives(raw, layout, folder, tiny_layouts, tmp_path):
    expected, root = tiny_layouts / layout, tmp_path / layout
    shutil.copytree(expected / folder, root / folder)
    names = [
        path.relative_to(root).as_posix() for path in sorted((root / folder).rglob("*.png")) if not path.name.endswith(TRAIN_ID_SUFFIX)
    ]
    pack(root / "01_labels.zip", root, names[:2])
    pack(root / "02_labels.zip", root, names[2:])
    shutil.rmtree(root / folder)

    summary = convert_dataset(root=root, raw=raw, nproc=1)
    assert summary.written == summary.files > 2
    written = sorted(path.relative_to(root) for path in (root / folder).rglob("*.png"))
    assert written == sorted(path.relative_to(expected) for path in (expected / folder).rglob(f"*{TRAIN_ID_SUFFIX}"))
    for name in written:
        np.testing.assert_array_equal(read_image(root / name), read_image(expected / name))
    for name in (STATS_FILE, CLASS_FILE):
        assert (root / name).read_text() == (expected / name).read_text()
    assert convert_dataset(root=root, raw=raw, nproc=1).written == 0


def test_an_unpacked_raw_label_wins_over_that_of_an_archive(tmp_path):
    (tmp_path / "labels").mkdir()
    for name in ("1.png", "2.png"):
        (tmp_path / "labels" / name).write_bytes(b"")
    pack(tmp_path / "labels.zip", tmp_path, ["labels/1.png"])
    with zipfile.ZipFile(tmp_path / "labels.zip", "a") as archive:
        archive.writestr("labels/2.png", b"")
    assert raw_files(tmp_path, "labels") == {"1.png": tmp_path / "labels.zip/labels/1.png", "2.png": tmp_path / "labels/2.png"}
