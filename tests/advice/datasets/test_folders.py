"""Advice about the folders of data sets."""

import shutil
from pathlib import Path

from mmseg.datasets import CityscapesDataset, FolderDataset, GTADataset
from mmseg.datasets.base import SegmentationDataset
from tests import tiny
from tests.advice.following import advice
from tests.datasets.toy import HEIGHT, WIDTH, make_gta, position_image, write_png
from tools import make_demo_data as demo_tool


def test_missing_demo_data(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tiny, "ROOT", tmp_path)
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    for kind, options in (
        (GTADataset, {"data_root": "data/demo/gta", "ann_dir": "labels"}),
        (CityscapesDataset, {"data_root": str(tmp_path / "data/demo/cityscapes"), "img_dir": "leftImg8bit/val"}),
        (FolderDataset, {"images": "data/demo/synthia/RGB"}),
        (FolderDataset, {"images": "data/streets/streets/images"}),
    ):
        said = advice(
            "Draw the demo data with: python tools/make_demo_data.py --out {}{}", lambda kind=kind, options=options: kind(**options)
        )
        call(demo_tool.main, "--out", *"".join(said).split(), *small)
        assert len(kind(**options)) == 1
        shutil.rmtree(tmp_path / "data")


def test_missing_and_empty_folders(tmp_path):
    root = make_gta(tmp_path / "gta")

    def build(**options):
        return GTADataset(**{"data_root": str(root), **options})

    advice("{}: the image folder {} does not exist. {}", lambda: build(img_dir="photos"))
    advice("Put the data there or change data_root and img_dir.", lambda: build(img_dir="photos"))
    (root / "empty").mkdir()
    advice("Put the images there or change img_dir or img_suffix.", lambda: build(img_dir="empty"))
    advice("Put the images there or change img_dir or img_suffix.", lambda: build(img_suffix=".jpg"))
    assert len(build(img_dir="images", img_suffix=".png")) == 6
    for folder in ("photos", "empty"):
        shutil.copytree(root / "images", root / folder, dirs_exist_ok=True)
        assert len(build(img_dir=folder)) == 6
    advice("needs the option 'img_dir'. Add img_dir=… to its dictionary in the config.", lambda: SegmentationDataset(data_root=str(root)))
    assert len(SegmentationDataset(data_root=str(root), img_dir="images")) == 6
    (name,) = advice("({}=None). Set {} to use its labels.", lambda: build().label_path(0))[1:]
    assert build(**{name: "labels"}).read_label(0).shape == (HEIGHT, WIDTH)


def test_a_pair_of_two_sizes(tmp_path):
    root = make_gta(tmp_path / "gta")
    image = root / "images/00001.png"
    whole = image.read_bytes()
    write_png(image, position_image(1)[:20])
    data = GTADataset(data_root=str(root), ann_dir="labels")
    advice("Copy the matching pair again.", lambda: data[0])
    image.write_bytes(whole)
    assert data[0]["label"].shape == (HEIGHT, WIDTH)


def test_a_folder(own):
    """The same option with a value as the error asks for works."""

    def build(**options):
        return lambda: FolderDataset(**{**own, **options})

    advice("FolderDataset: the folder images={} does not exist. {}", build(images="none"))
    advice("Correct the option or put the images there.", build(images="none"))
    advice("Correct the option images, or set img_suffix.", build(img_suffix=".jpg"))
    advice("Correct labels or label_suffix, or leave labels out for an unlabelled domain.", build(label_suffix="_x.png"))
    advice("Add classes=['…', …], in the order of the network's outputs.", build(classes=None))
    for options in ({}, {"img_suffix": ".png"}, {"label_suffix": ".png"}, {"labels": None}, {"labels": None, "classes": None}):
        assert len(build(**options)()) == 1


def test_two_images_of_one_label(own):
    photo = Path(own["images"]) / "a.png"
    shutil.copy(photo, photo.with_suffix(".jpg"))
    advice("Rename one, or choose the images with img_suffix.", lambda: FolderDataset(**own))
    assert len(FolderDataset(**own, img_suffix=".png")) == 1
    photo.with_suffix(".jpg").rename(photo.with_name("b.png"))
    shutil.copy(Path(own["labels"]) / "a.png", Path(own["labels"]) / "b.png")
    assert len(FolderDataset(**own)) == 2


def test_images_without_labels(own):
    photo = Path(own["images"]) / "b.png"
    shutil.copy(Path(own["images"]) / "a.png", photo)
    advice("Add the labels, move images without one elsewhere, or correct label_suffix.", lambda: FolderDataset(**own))
    label = Path(own["labels"]) / "b.png"
    shutil.copy(Path(own["labels"]) / "a.png", label)
    assert len(FolderDataset(**own)) == 2
    label.unlink()
    photo.rename(Path(own["images"]).parent / "b.png")
    assert len(FolderDataset(**own)) == 1


def test_class_statistics_of_a_folder(own, tmp_path, monkeypatch):
    options = {**own, "label_map": {0: "sky", 1: "grass", 17: "sky"}}
    (tmp_path / "taken").write_text("")
    advice(
        "Set statistics_dir='…' in its dictionary to a folder that is writable.",
        FolderDataset(**options, statistics_dir=str(tmp_path / "taken/counts")).class_statistics,
    )
    before = FolderDataset(**options, statistics_dir=str(tmp_path / "counts")).class_statistics()
    assert FolderDataset(**options).class_statistics() == before
    (path,) = advice("Delete {}: the labels are counted anew then.", FolderDataset(**options).recount_hint)
    Path(path).unlink()
    assert FolderDataset(**options).class_statistics() == before and Path(path).is_file()
