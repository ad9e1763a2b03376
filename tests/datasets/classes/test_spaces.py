"""One list of classes for data sets that share only some of theirs, and configs whose parts disagree."""

import numpy as np
import pytest
from mmengine.config import Config

from mmseg.datasets import GTADataset, SynthiaDataset
from mmseg.datasets.base import class_info, without_labels
from mmseg.datasets.classes.check import check_class_lists
from mmseg.datasets.classes.names import CLASSES, LABEL_IDS, PALETTE
from mmseg.datasets.classes.palettes import COLOR_VISION, FIRST_COLORS, default_palette
from mmseg.utils.errors import UserError
from tests.datasets.toy import RARE, make_gta, position_label

SHARED = ["train", "road", "boat", "building"]
"""Toy labels hold road, sidewalk, building, wall and train; there are no boats."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_gta(tmp_path_factory.mktemp("data") / "gta")


def test_labels_follow_the_classes_of_the_training(root):
    label = GTADataset(data_root=str(root), ann_dir="labels", classes=SHARED).read_label(2)
    own = position_label(3)
    expected = np.full_like(own, 255)
    for index, train_id in enumerate((RARE, 0, None, 2)):
        expected[own == train_id] = index
    assert (label == expected).all()


def test_statistics_follow_too(root):
    whole = GTADataset(data_root=str(root), ann_dir="labels").class_statistics()
    part = GTADataset(data_root=str(root), ann_dir="labels", classes=SHARED).class_statistics()
    assert part.pixels == {0: whole.pixels[RARE], 1: whole.pixels[0], 3: whole.pixels[2]}
    assert part.files[0] == whole.files[RARE]


def test_names_colours_and_ids_follow_too():
    info = class_info({"type": "GTADataset", "data_root": "nowhere", "classes": SHARED})
    assert info["classes"] == tuple(SHARED) and info["absent"] == ("boat",)
    assert info["palette"] == (PALETTE[RARE], PALETTE[0], default_palette(3)[2], PALETTE[2])
    assert info["label_ids"] == (LABEL_IDS[RARE], LABEL_IDS[0], 255, LABEL_IDS[2])
    assert class_info({"type": SynthiaDataset, "data_root": "nowhere"})["classes"] == CLASSES


def test_without_labels():
    assert without_labels({"type": "GTADataset", "data_root": "a", "ann_dir": "b"})["ann_dir"] is None
    folder = {"type": "FolderDataset", "images": "a", "labels": "b"}
    assert without_labels(folder) == {**folder, "labels": None}
    assert without_labels({"type": "SeveralDatasets", "datasets": [folder]})["datasets"] == [{**folder, "labels": None}]
    with pytest.raises(UserError, match="unexpected option 'ann_dir'"):
        without_labels({**folder, "ann_dir": "b"})


@pytest.mark.parametrize("count", [1, 7, 8, 19, 40, 255])
def test_default_colours_are_distinct_and_stay(count):
    colors = default_palette(count)
    assert len(set(colors)) == count and (0, 0, 0) not in colors
    assert colors == default_palette(255)[:count] and colors[:7] == FIRST_COLORS[:count]


def test_kinds_of_vision_agree_on_grey():
    for matrix in COLOR_VISION:
        np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-5)


# Configs

OWN = {"type": "FolderDataset", "images": "a", "labels": "b", "classes": ["background", "crack"]}


def config(**changes) -> Config:
    parts = {
        "train_dataloader.dataset.source": OWN,
        "val_dataloader.dataset": OWN,
        "model": {"decode_head": {"num_classes": 2}},
        "uda": {"type": "DACS"},
    }
    cfg = Config()
    cfg.merge_from_dict({**parts, **changes})
    return cfg


def test_parts_that_agree():
    check_class_lists(config())
    check_class_lists(config(uda={"source_class_weight": [1, 2], "imnet_feature_dist_classes": [1]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model": {"decode_head": {"num_classes": 19}}},
            "model.decode_head.num_classes is 19, but the source data have 2 classes. Set model.decode_head.num_classes=2.",
        ),
        (
            {"model": {"decode_head": {"num_classes": 2}, "auxiliary_head": [{"num_classes": 3}]}},
            "model.auxiliary_head.num_classes is 3, but the source data have 2 classes. Set model.auxiliary_head.num_classes=2.",
        ),
        (
            {"val_dataloader.dataset": {**OWN, "classes": ["crack", "background"]}},
            "train_dataloader.dataset.source has 2 classes and val_dataloader.dataset 2: the order differs. "
            "Set classes of both to one list.",
        ),
        (
            {"val_dataloader.dataset": {"type": "CityscapesDataset", "data_root": "c"}},
            "train_dataloader.dataset.source has 2 classes and val_dataloader.dataset 19: 'background' is in one list only. "
            "Set classes of both to one list.",
        ),
        (
            {
                "train_dataloader.dataset.source": {"type": "GTADataset", "data_root": "c", "classes": ["raod", "sky"]},
                "val_dataloader.dataset": {"type": "CityscapesDataset", "data_root": "c", "classes": ["raod", "sky"]},
            },
            "No label of train_dataloader.dataset.source or val_dataloader.dataset can show the class 'raod'. Correct its name, map a "
            "label id to it with label_map, or take it out of classes.",
        ),
        (
            {"uda": {"source_class_weight": [1] * 19}},
            "uda.source_class_weight has 19 numbers, but the source data have 2 classes. Give one weight per class, or None.",
        ),
        (
            {"uda": {"source_class_weight": [0, 0.0]}},
            "uda.source_class_weight is 0 for all classes, so nothing would be learned. Give one weight per class, or None.",
        ),
        (
            {"uda": {"imnet_feature_dist_classes": [6, 18]}},
            "uda.imnet_feature_dist_classes names the class 18, but the source data have 2 classes. List the indices of your own things "
            "that ImageNet shows, or None for all pixels.",
        ),
    ],
)
def test_parts_that_disagree(changes, message):
    with pytest.raises(UserError) as error:
        check_class_lists(config(**changes))
    assert str(error.value) == message
