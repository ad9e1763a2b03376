"""Advice in the findings of a check of data."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mmseg.apis.checking.data import check_data, check_split
from mmseg.apis.checking.splits import Split, open_split
from mmseg.evaluation import IoUMetric
from tests import tiny
from tests.advice.following import advice
from tests.apis.data_config import data_config, val_pair
from tests.corpus.writers import by_pillow
from tests.datasets.toy import position_image, write_png


@pytest.fixture
def data(tiny_data, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_data, tmp_path / "data"))


def line(data: Path, kind: str) -> str | None:
    """What a check says of the data of the demo, if anything."""
    found = [finding.text for finding in check_data(data_config(data))[0].findings if finding.kind == kind]
    return found[0] if found else None


def test_a_config_without_a_source(data):
    cfg = data_config(data)
    source = cfg.train_dataloader.dataset.pop("source")
    advice("The config has no train_dataloader.dataset.source. Add the labelled data set of the training.", lambda: check_data(cfg))
    cfg.train_dataloader.dataset.source = source
    assert check_data(cfg, which="train", limit=1)[0].splits


def test_an_image_of_the_training_among_the_validation(data):
    image, label = val_pair(data)
    shutil.copy(data / "gta/images/00003.png", image)
    advice("scores on it mean nothing. Leave it out of one of the two.", line(data, "duplicate"))
    image.unlink()
    label.unlink()
    assert line(data, "duplicate") is None


def test_a_label_without_an_image(data):
    path, image = data / "gta/labels/00099_labelTrainIds.png", data / "gta/images/00099.png"
    shutil.copy(data / "gta/labels/00001_labelTrainIds.png", path)
    advice("is the label of no image in {}. Put the image there, or the label elsewhere.", line(data, "label without image"))
    shutil.copy(data / "gta/images/00001.png", image)
    assert line(data, "label without image") is None
    image.unlink()
    path.unlink()
    assert line(data, "label without image") is None


def test_fewer_images_than_published(data, monkeypatch):
    """Of all archives, there would be as many as published."""
    (data / "demo_manifest.json").unlink()
    advice("{}. Unpack all archives of the data set there.", line(data, "file count"))
    monkeypatch.setattr("mmseg.apis.checking.data.known_size", lambda dataset, _: len(dataset))
    assert line(data, "file count") is None


def problem(options: dict, *kinds: str, **more: object) -> str | None:
    """The first thing that is wrong with a data set; of some kinds, or of any but classes without a pixel."""
    split = open_split(Split(role="source", name="source", dataset={"type": "FolderDataset", **options}, **more))
    found = [one.text for one in check_split(split, nproc=1, limit=None)[1] if (one.kind in kinds if kinds else one.kind != "empty class")]
    return found[0] if found else None


def test_classes_without_a_pixel(own):
    """Of the training, which is said to learn none of them, and of what is evaluated."""
    mapped = {**own, "classes": ["sky", "grass", "sea"], "label_map": {0: "sky", 1: "grass", 17: "grass", 5: "sea"}}
    crops = {"crop": {"img_scale": (80, 40), "crop_size": (16, 16)}}
    advice("No network learns them here: add images with them, or report a mean without them.", problem(mapped, "empty class", **crops))
    advice("{}: add images with them, or say that there are none (docs/own_data.md).", problem(mapped, "empty class"))
    scores = IoUMetric(subsets={"seen": ["sky", "grass"]})
    scores.dataset_meta = {"classes": mapped["classes"]}
    none = {**mapped, "label_map": {0: "sky", 1: "grass", 17: "grass"}}
    assert problem(none, "empty class") is None and (tiny.ROOT / "docs/own_data.md").is_file()
    write_png(Path(own["images"]) / "b.png", position_image(2))
    write_png(Path(own["labels"]) / "b.png", np.full((40, 80), 5, np.uint8))
    assert problem(mapped, "empty class") is None and problem(mapped, "empty class", **crops) is None


def test_photos_of_ones_own(own):
    mapped = {**own, "label_map": {0: "sky", 1: "grass"}, "ignore": [17]}
    advice(
        "{}. Correct label_map, ignore or classes, or the labels.",
        problem({**own, "label_map": {7: "sky", 8: "grass"}, "ignore": [0, 1, 17]}),
    )
    assert problem(mapped) is None
    photo = Path(own["images"]) / "a.jpg"
    photo.with_suffix(".png").unlink()
    whole = by_pillow(np.random.default_rng(0).integers(0, 256, (40, 80, 3), np.uint8), "JPEG")
    middle = len(whole) // 2
    photo.write_bytes(whole[:middle] + bytes(400) + whole[middle + 400 :])
    advice("its decoder fills what is missing with grey. Copy or download the file again.", problem(mapped))
    photo.write_bytes(whole)
    assert problem(mapped) is None
