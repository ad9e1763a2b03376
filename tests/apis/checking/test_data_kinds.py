"""The data check on own folders, on several sources, on archives, and on the layout of every public data set."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mmseg.apis.checking.data import check_data, check_split
from mmseg.apis.checking.splits import Split, open_split
from mmseg.utils.storage.images import write_image
from tests.apis.data_config import data_config, val_pair
from tests.corpus.writers import by_pillow, exif, png, tiff
from tests.datasets.conversion.test_camvid import make_camvid

LAYOUTS = {
    "SynthiaDataset": {"data_root": "synthia", "ann_dir": "GT/LABELS"},
    "ACDCDataset": {"data_root": "acdc", "img_dir": "rgb_anon/val", "ann_dir": "gt/val"},
    "DarkZurichDataset": {"data_root": "dark_zurich", "img_dir": "rgb_anon/val", "ann_dir": "gt/val"},
    "BDD100KDataset": {"data_root": "bdd100k", "img_dir": "images/10k/val", "ann_dir": "labels/sem_seg/masks/val"},
    "MapillaryDataset": {"data_root": "mapillary", "img_dir": "validation/images", "ann_dir": "validation/labels"},
}


@pytest.fixture
def data(tiny_layouts, tmp_path) -> Path:
    """A copy of the demo domains that a test may break."""
    return Path(shutil.copytree(tiny_layouts, tmp_path / "data"))


def problems(dataset: dict, **options) -> list:
    """Everything but empty classes that is wrong with a data set."""
    split = open_split(Split(role="source", name="source", dataset=dataset, **options))
    return [problem for problem in check_split(split, nproc=1, limit=None)[1] if problem.kind != "empty class"]


@pytest.mark.parametrize("kind", LAYOUTS)
def test_every_layout_is_whole(tiny_layouts, kind):
    options = LAYOUTS[kind]
    assert problems({"type": kind, **options, "data_root": str(tiny_layouts / options["data_root"])}) == []


def test_camvid_is_whole(tmp_path):
    root = make_camvid(tmp_path)
    dataset = {"type": "CamVidDataset", "data_root": str(root), "img_dir": "train", "ann_dir": "trainannot"}
    assert [problem.kind for problem in problems(dataset)] == ["file count"]  # 3 of 367
    write_image(root / "trainannot/0006R0_f00930.png", np.full((10, 12), 12, np.uint8))
    assert [problem.kind for problem in problems(dataset)] == ["unknown id", "file count"]


@pytest.fixture
def own(tmp_path) -> dict:
    """Three own images with labels of the ids 10 and 20."""
    for name in "abc":
        write_image(tmp_path / f"photos/{name}.png", np.full((40, 60, 3), 90, np.uint8))
        label = np.full((40, 60), 10, np.uint8)
        label[:10] = 20
        write_image(tmp_path / f"masks/{name}.png", label)
    folders = {"images": str(tmp_path / "photos"), "labels": str(tmp_path / "masks"), "statistics_dir": str(tmp_path)}
    return {"type": "FolderDataset", **folders, "classes": ["road", "crack"], "label_map": {10: "road", 20: "crack"}}


def test_own_data(own, tmp_path):
    assert problems(own, sampled=True) == []
    split = open_split(Split(role="source", name="source", dataset=own))
    assert check_split(split, nproc=1, limit=None)[0].class_pixels == {"road": 3 * 30 * 60, "crack": 3 * 10 * 60}


def test_own_data_with_problems(own, tmp_path):
    (tmp_path / "masks/a.png").unlink()
    write_image(tmp_path / "masks/b.png", np.full((40, 60), 77, np.uint8))
    write_image(tmp_path / "masks/c.png", np.zeros((40, 60, 3), np.uint8))
    found = {problem.kind: problem for problem in problems(own, sampled=True)}
    assert {kind: Path(problem.path).name for kind, problem in found.items()} == {
        "missing label": "a.png",
        "unknown id": "b.png",
        "label format": "c.png",
    }
    assert "77" in found["unknown id"].text


def change(tmp_path, name: str, ids: int) -> None:
    write_image(tmp_path / f"masks/{name}.png", np.full((40, 60), ids, np.uint8))


def checked(own: dict, role: str = "source"):
    return check_split(open_split(Split(role=role, name=role, dataset=own)), nproc=1, limit=None)


def test_formats_of_what_was_read(own, tmp_path):
    (tmp_path / "photos/a.png").write_bytes(by_pillow(np.full((60, 40, 3), 90, np.uint8), "JPEG", exif=exif(6)))
    (tmp_path / "masks/b.png").write_bytes(tiff(np.full((40, 60), 10, np.int32)))
    report, found = checked(own)
    assert report.image_formats == {"8-bit RGB JPEG, turned by EXIF": 1, "8-bit RGB PNG": 2}
    assert report.label_formats == {"8-bit grey PNG": 2, "32-bit signed grey TIFF": 1}
    assert report.image_sizes == {"60x40": 3} and found == []


def test_images_of_12_bits(own, tmp_path):
    """The error says the largest value and what to set; with that, everything can be read."""
    for name in "abc":
        (tmp_path / f"photos/{name}.png").write_bytes(png(np.full((40, 60, 3), 3664, np.uint16), bits=16))
    report, found = checked(own)
    assert report.image_formats == {"16-bit RGB PNG": 3} and [problem.kind for problem in found] == ["image format"] * 3
    assert "values from 3664 to 3664" in found[0].text and "Set depth=12 if its camera fills 12 bits" in found[0].text
    assert checked({**own, "depth": 12})[1] == []
    image = open_split(Split(role="source", name="source", dataset={**own, "depth": 12})).dataset.images.read(0)
    assert (image == round(3664 / 4095 * 255)).all()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("hole", ["zeros", "removed"])
def test_a_jpeg_with_a_hole(own, tmp_path, hole, progressive):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    data = by_pillow(pixels, "JPEG", progressive=progressive)
    middle = len(data) // 2
    (tmp_path / "photos/a.png").write_bytes(data)
    assert checked(own)[1] == []
    (tmp_path / "photos/a.png").write_bytes(data[:middle] + bytes(400 if hole == "zeros" else 0) + data[middle + 400 :])
    (problem,) = checked(own)[1]
    assert problem.kind == "damaged image" and problem.path == str(tmp_path / "photos/a.png") and "with grey" in problem.text


def test_classes_that_no_label_shows(own, tmp_path):
    for name in "abc":
        change(tmp_path, name, 10)
    (problem,) = checked(own)[1]
    assert problem.kind == "empty class" and "1 of 2 classes have no pixel in the 3 labels read: crack" in problem.text
    (problem,) = checked({**own, "label_map": {20: "crack"}, "ignore": [10]})[1]
    assert problem.kind == "no labelled pixel" and "none of the 3 labels read has a pixel of a class" in problem.text


def test_nothing_labelled_ends_a_training_where_it_is_the_source(data):
    cfg = data_config(data)
    for path in [*(data / "gta/labels").glob("*TrainIds.png"), *data.rglob("gtFine/val/*/*TrainIds.png")]:
        write_image(path, np.full((64, 128), 255, np.uint8))
    findings = [finding for finding in check_data(cfg)[0].findings if finding.kind == "no labelled pixel"]
    assert {finding.split: finding.fatal for finding in findings} == {"source": True, "val": False}


def test_several_sources_are_several_splits(data):
    gta = {"type": "GTADataset", "data_root": str(data / "gta"), "ann_dir": "labels"}
    synthia = {"type": "SynthiaDataset", "data_root": str(data / "synthia"), "ann_dir": "GT/LABELS"}
    cfg = data_config(data)
    cfg.train_dataloader.dataset.source = {"type": "SeveralDatasets", "datasets": [gta, synthia]}
    cfg.train_dataloader.dataset.source_crop.img_scale = [(128, 64), (256, 128)]
    (data / "synthia/RGB/0000002.png").write_bytes(b"")
    report, _ = check_data(cfg, which="train")
    assert [split.name for split in report.splits] == ["source 1", "source 2", "target"]
    assert [(finding.split, finding.kind) for finding in report.fatal] == [("source 2", "broken image")]


def test_bad_files_that_a_training_skips_are_not_fatal(data):
    (data / "gta/images/00001.png").write_bytes(b"")
    image, _ = val_pair(data)
    cfg = data_config(data)
    cfg.train_dataloader.dataset.on_bad_sample = "skip"
    assert check_data(cfg)[0].fatal == ()
    image.write_bytes(b"")
    assert [(finding.split, finding.kind) for finding in check_data(cfg)[0].fatal] == [("val", "broken image")]


def test_a_test_split_does_not_stop_a_training(data):
    cfg = data_config(data)
    cfg.test_dataloader = {**cfg.val_dataloader, "dataset": {**cfg.val_dataloader.dataset, "img_dir": "leftImg8bit/nowhere"}}
    report, _ = check_data(cfg, which="val")
    assert [(f.split, f.kind, f.fatal) for f in report.findings if f.kind != "empty class"] == [("test", "cannot be opened", False)]


def test_archives_are_read_without_unpacking(data):
    gta = data / "gta"
    with zipfile.ZipFile(gta / "01_images.zip", "w") as images, zipfile.ZipFile(gta / "01_labels.zip", "w") as labels:
        for path in sorted((gta / "images").iterdir()):
            images.write(path, f"images/{path.name}")
        for path in sorted((gta / "labels").glob("*_labelTrainIds.png"))[1:]:
            labels.write(path, f"labels/{path.name}")
    cfg = data_config(data)
    source = cfg.train_dataloader.dataset.source
    source.img_dir, source.ann_dir = "01_images.zip/images", "01_labels.zip/labels"
    image, _ = val_pair(data)
    shutil.copy(gta / "images/00002.png", image)
    report, _ = check_data(cfg)
    assert [finding.kind for finding in report.fatal] == ["missing label"]
    assert report.splits[0].read == 6 and report.splits[0].label_formats == {"8-bit grey PNG": 5}
    (twin,) = [finding for finding in report.findings if finding.kind == "duplicate"]
    assert "01_images.zip/images/00002.png" in twin.text


def test_class_lists_that_contradict_each_other(tiny_layouts):
    cfg = data_config(tiny_layouts)
    cfg.model.decode_head.num_classes = 5
    (finding,) = check_data(cfg, which="val")[0].fatal
    assert finding.kind == "config" and "num_classes" in finding.text


def test_a_file_that_stops_the_counting_is_named_once(own, tmp_path):
    write_image(tmp_path / "masks/b.png", np.full((40, 60), 77, np.uint8))
    assert [problem.kind for problem in problems(own, sampled=True)] == ["unknown id"]
