"""Seven categories from raw ids: Synthia, Cityscapes and Mapillary, and what other files say."""

import json

import cv2
import numpy as np
import pytest
import torch

from mmseg.datasets import CityscapesDataset, GTADataset, MapillaryDataset, SynthiaDataset
from mmseg.datasets.base import class_info
from mmseg.datasets.classes.categories import CATEGORY_NAMES
from mmseg.datasets.classes.groups import CATEGORIES
from mmseg.datasets.classes.names import CLASSES, IGNORE, LABEL_IDS
from mmseg.datasets.statistics.counts_file import COUNTS_FILE
from mmseg.utils.errors import BadFileError, UserError
from tests.datasets.toy import HEIGHT, WIDTH, make_synthia, position_image, write_png

FOLDERS = {
    SynthiaDataset: {"ann_dir": "GT/LABELS"},
    CityscapesDataset: {"img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val"},
    MapillaryDataset: {"img_dir": "validation/images", "ann_dir": "validation/labels"},
}
NAMES = {SynthiaDataset: "synthia", CityscapesDataset: "cityscapes", MapillaryDataset: "mapillary"}
KINDS = pytest.mark.parametrize("kind", list(FOLDERS), ids=list(NAMES.values()))


def build(kind, root, **options):
    return kind(data_root=str(root), categories=True, **{**FOLDERS[kind], **options})


@KINDS
def test_every_id_is_in_one_category(kind):
    raw = kind.raw_categories
    ids = [label_id for members in raw.members.values() for label_id in members]
    assert tuple(raw.members) == CATEGORY_NAMES == tuple(CATEGORIES) and len(ids) == len(set(ids)) and max(ids) <= raw.last
    assert (raw.lut[ids] < 7).all() and (raw.lut != IGNORE).sum() == len(ids)


def test_cityscapes_agrees_with_its_label_table():
    """What has a train id is in the category that the table of Cityscapes gives it."""
    category = {name: index for index, members in enumerate(CATEGORIES.values()) for name in members}
    found = CityscapesDataset.raw_categories.lut
    assert found[list(LABEL_IDS)].tolist() == [category[name] for name in CLASSES]
    assert found[[29, 30]].tolist() == [6, 6] and found[34] == found[255] == IGNORE  # caravan, trailer; license plate


@KINDS
def test_the_demo_data_in_categories(kind, tiny_layouts):
    """Labels are read from the raw files, whatever a conversion has written beside them."""
    data = build(kind, tiny_layouts / NAMES[kind])
    assert data.classes == CATEGORY_NAMES and len(data.palette) == 7 and data.metainfo["absent"] == ()
    label = data.read_label(0)
    assert label.dtype == np.uint8 and set(np.unique(label)) <= {*range(7), IGNORE} and {0, 1, 4} <= set(np.unique(label))
    assert torch.equal(data[0]["label"], torch.from_numpy(label))


def test_categories_differ_from_united_train_ids(tiny_layouts):
    """Riders, buses, motorcycles and walls of Synthia are ignored; what is left is the same."""
    root = str(tiny_layouts / "synthia")
    fine, coarse = SynthiaDataset(data_root=root, ann_dir="GT/LABELS"), build(SynthiaDataset, root)
    united = np.full(256, IGNORE, np.uint8)
    for index, members in enumerate(CATEGORIES.values()):
        united[[CLASSES.index(name) for name in members]] = index
    ignored = [CLASSES.index(name) for name in ("wall", "rider", "bus", "motorcycle")]
    for index in range(len(fine)):
        train_ids = fine.read_label(index)
        expected = np.where(np.isin(train_ids, ignored), IGNORE, united[train_ids])
        assert np.array_equal(coarse.read_label(index), expected)


def raw_synthia(root, pixels):
    make_synthia(root, 2)
    for number in range(2):
        write_png(root / f"GT/LABELS/{number:07}.png", pixels)
    return root


def test_labels_of_synthia_of_8_and_of_16_bits(tmp_path):
    """The class is in the red channel of the label files, and alone in the published ``parsed_LABELS``."""
    ids = np.tile(np.arange(WIDTH) % 23, (HEIGHT, 1))
    color = np.dstack([np.zeros_like(ids), np.arange(ids.size).reshape(ids.shape), ids]).astype(np.uint16)
    expected = SynthiaDataset.raw_categories.lut[ids]
    for name, pixels in (("color", color), ("grey", ids.astype(np.uint8))):
        assert np.array_equal(build(SynthiaDataset, raw_synthia(tmp_path / name, pixels)).read_label(1), expected)
    data = build(SynthiaDataset, raw_synthia(tmp_path / "foreign", color + np.uint16([0, 0, 300])))
    with pytest.raises(BadFileError, match=r"0000000.png holds the id 322, .* end at 22\. Unpack SYNTHIA"):
        data.read_label(0)


def mapillary(root, ids):
    write_png(root / "validation/labels/a_key.png", np.broadcast_to(np.uint8(ids), (HEIGHT, WIDTH)))
    (root / "validation/images").mkdir()
    assert cv2.imwrite(str(root / "validation/images/a_key.jpg"), position_image(0))
    return build(MapillaryDataset, root)


def test_labels_of_vistas_v2(tmp_path):
    assert np.unique(mapillary(tmp_path / "v1", 65).read_label(0)).tolist() == [IGNORE]
    with pytest.raises(BadFileError, match=r"a_key.png holds the id 108, .* end at 65\. Labels of Vistas v2\.0 .* use those of v1\.2\."):
        mapillary(tmp_path / "v2", 108).read_label(0)


def test_some_categories(tiny_layouts):
    data = build(SynthiaDataset, tiny_layouts / "synthia", classes=["sky", "flat"])
    whole = build(SynthiaDataset, tiny_layouts / "synthia").read_label(0)
    assert np.array_equal(data.read_label(0), np.select([whole == 4, whole == 0], [0, 1], IGNORE))
    assert class_info({"type": "SynthiaDataset", "data_root": "nowhere", "categories": True})["classes"] == CATEGORY_NAMES


def test_statistics_are_counted_once(tiny_layouts, tmp_path, monkeypatch):
    """Raw ids are counted, so that one file serves every map; changed labels are counted anew."""
    raw = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
    raw[..., 2] = 3
    raw[:10, :, 2], raw[10:12, :, 2] = 1, 21  # sky; wall, which is ignored
    root = raw_synthia(tmp_path / "synthia", raw)
    found = build(SynthiaDataset, root).class_statistics()
    assert found.pixels == {0: 2 * 28 * WIDTH, 4: 2 * 10 * WIDTH} and found.files[4] == [(0, 800), (1, 800)]
    assert json.loads((root / COUNTS_FILE).read_text())["files"]["0000000.png"] == {"1": 800, "3": 2240, "21": 160}
    with monkeypatch.context() as patch:
        patch.setattr("mmseg.datasets.statistics.label_counts.count_ids", lambda *_, **__: pytest.fail("counted twice"))
        assert build(SynthiaDataset, root).class_statistics() == found
    raw[..., 2] = 1
    write_png(root / "GT/LABELS/0000001.png", raw)
    assert build(SynthiaDataset, root).class_statistics().pixels == {0: 28 * WIDTH, 4: 10 * WIDTH + HEIGHT * WIDTH}


def test_a_data_set_without_categories():
    with pytest.raises(UserError, match=r"GTADataset: which raw ids belong to the 7 categories is not known\. Leave categories out\."):
        class_info({"type": GTADataset, "data_root": "nowhere", "categories": True})
