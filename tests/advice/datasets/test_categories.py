"""Advice about labels of 7 categories."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.datasets import GTADataset, MapillaryDataset, SynthiaDataset
from mmseg.datasets.base import class_info
from mmseg.datasets.statistics.counts_file import COUNTS_FILE
from tests.advice.following import advice
from tests.datasets.toy import HEIGHT, WIDTH, make_gta, make_synthia, position_image, write_png


def raw_label(root, value, number=0):
    write_png(root / f"GT/LABELS/{number:07}.png", np.full((HEIGHT, WIDTH, 3), value, np.uint16))


@pytest.fixture
def synthia(tmp_path):
    root = make_synthia(tmp_path / "synthia", 1)
    raw_label(root, 3)
    return root


def build(root) -> SynthiaDataset:
    return SynthiaDataset(data_root=str(root), ann_dir="GT/LABELS", categories=True)


def test_a_data_set_without_categories(tmp_path):
    root = make_gta(tmp_path / "gta", 1)
    config = {"data_root": str(root), "ann_dir": "labels"}
    advice(
        "{}: which raw ids belong to the 7 categories is not known. Leave categories out.", lambda: GTADataset(**config, categories=True)
    )
    assert class_info({"type": GTADataset, **config})["classes"] == GTADataset(**config).classes


def test_an_id_that_there_is_not(synthia):
    """And a label that there is not: both come from the archive."""
    raw_label(synthia, 40)
    fix = advice("{} holds the id {}, {}. {}", lambda: build(synthia).read_label(0))[-1]
    (synthia / "GT/LABELS/0000000.png").unlink()
    advice("Unpack SYNTHIA_RAND_CITYSCAPES.rar again.", lambda: build(synthia))
    assert fix == "Unpack SYNTHIA_RAND_CITYSCAPES.rar again."
    raw_label(synthia, 3)
    assert (build(synthia).read_label(0) == 0).all()


def test_labels_of_vistas_v2(tmp_path):
    label = tmp_path / "validation/labels/key.png"
    (tmp_path / "validation/images").mkdir(parents=True)
    assert cv2.imwrite(str(tmp_path / "validation/images/key.jpg"), position_image(0))
    write_png(label, np.full((HEIGHT, WIDTH), 108, np.uint8))
    folders = {"data_root": str(tmp_path), "img_dir": "validation/images", "ann_dir": "validation/labels"}
    data = MapillaryDataset(**folders, categories=True)
    advice("Labels of Vistas v2.0 go to 123, and their ids mean other things: use those of v1.2.", lambda: data.read_label(0))
    write_png(label, np.full((HEIGHT, WIDTH), 55, np.uint8))
    assert (data.read_label(0) == 6).all()


def test_counts_that_cannot_be_written(synthia, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("mmseg.datasets.statistics.raw_counts.count_labels", refuse)
        advice("{}. Make the folder writable, or leave rare_class_sampling out.", build(synthia).class_statistics)
    assert build(synthia).class_statistics().pixels == {0: HEIGHT * WIDTH} and (synthia / COUNTS_FILE).is_file()


def test_counts_that_are_not_believed(synthia):
    data = build(synthia)
    before = data.class_statistics()
    (file,) = advice("Move {} elsewhere: the labels are counted anew then.", data.recount_hint)
    Path(file).rename(synthia / "earlier.json")
    assert data.class_statistics() == before and Path(file).is_file()
