"""Every data set reads its own folders, as training and evaluation configs name them."""

import inspect
import shutil

import pytest
import torch

from mmseg.datasets import ACDCDataset, DarkZurichDataset, GTADataset, SynthiaDataset, UDADataset, synthia
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes import CLASSES
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError

SOURCES = {
    "gta": {"type": "GTADataset", "img_dir": "images", "ann_dir": "labels"},
    "synthia": {"type": "SynthiaDataset", "img_dir": "RGB", "ann_dir": "GT/LABELS"},
}
TARGETS = {  # as in the published configs, labels that need not exist included
    "cityscapes": {"type": "CityscapesDataset", "img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train"},
    "acdc": {"type": "ACDCDataset", "img_dir": "rgb_anon/train", "ann_dir": "gt/train"},
    "dark_zurich": {"type": "DarkZurichDataset", "img_dir": "rgb_anon/train/night/", "ann_dir": "gt/train/night/"},
}
VALIDATION = {
    "cityscapes": {"type": "CityscapesDataset", "img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val"},
    "acdc": {"type": "ACDCDataset", "img_dir": "rgb_anon/val", "ann_dir": "gt/val"},
    "dark_zurich": {"type": "DarkZurichDataset", "img_dir": "rgb_anon/val", "ann_dir": "gt/val"},
}


def build(folder, name: str, config: dict, **options) -> SegmentationDataset:
    return build_checked({**config, "data_root": str(folder / name), **options}, DATASETS)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("target", TARGETS)
def test_training_crops(tiny_layouts, source, target):
    crop = {"img_scale": (128, 64), "crop_size": (32, 32)}
    dataset = UDADataset(
        source={**SOURCES[source], "data_root": str(tiny_layouts / source)},
        target={**TARGETS[target], "data_root": str(tiny_layouts / target)},
        source_crop=crop,
        target_crop=crop,
        rare_class_sampling={"min_pixels": 0, "class_temp": 0.01},
    )
    assert (len(dataset), len(dataset.target)) == (6, 4)
    sample = dataset[0]
    assert sample["source"]["label"].shape == (32, 32)
    assert sample["target"]["image"].shape == (3, 32, 32)


def test_the_sources_show_the_same_scenes(tiny_layouts):
    gta, other = (build(tiny_layouts, name, config) for name, config in SOURCES.items())
    for expected, sample in zip(gta, other, strict=True):
        assert torch.equal(sample["image"], expected["image"])
        absent = sum(expected["label"] == train_id for train_id in synthia.ABSENT).bool()
        assert torch.equal(sample["label"], expected["label"].masked_fill(absent, 255))


def test_the_targets_show_the_same_scenes(tiny_layouts):
    images = [{sample["image"].numpy().tobytes() for sample in build(tiny_layouts, name, TARGETS[name], ann_dir=None)} for name in TARGETS]
    assert len(images[0]) == 4
    assert images[0] == images[1] == images[2]


@pytest.mark.parametrize("name", VALIDATION)
def test_evaluation_samples(tiny_layouts, name):
    samples = list(build(tiny_layouts, name, VALIDATION[name], test_scale=(64, 32)))
    assert len(samples) == 2
    for sample in samples:
        assert sample["image"].shape == (3, 32, 64)
        assert sample["label"].shape == (64, 128)
        assert set(sample["label"].unique().tolist()) <= {*range(len(CLASSES)), 255}


def test_evaluation_without_labels(tiny_layouts):
    sample = build(tiny_layouts, "dark_zurich", VALIDATION["dark_zurich"], ann_dir=None)[0]
    assert "label" not in sample


def test_night_images_for_training_have_no_labels(tiny_layouts):
    with pytest.raises(UserError, match=r"DarkZurichDataset: 4 of 4 images have no label, first .*gt/train/night"):
        build(tiny_layouts, "dark_zurich", TARGETS["dark_zurich"])


def test_sequences_in_folders_of_their_own(tiny_layouts, tmp_path):
    """The original tree of ACDC, below one split of one condition."""
    for kind in ("rgb_anon", "gt"):
        shutil.copytree(tiny_layouts / "acdc" / kind / "val", tmp_path / kind / "fog/val/GOPR0475")
    dataset = ACDCDataset(data_root=str(tmp_path), img_dir="rgb_anon/fog/val", ann_dir="gt/fog/val")
    assert len(dataset) == 2
    assert dataset.label_path(0) == tmp_path / "gt/fog/val/GOPR0475/GOPR0000_frame_000001_gt_labelTrainIds.png"
    assert "label" in dataset[0]


def test_options_are_those_of_the_base():
    known = list(inspect.signature(SegmentationDataset).parameters)
    assert known == ["data_root", "img_dir", "ann_dir", "img_suffix", "seg_map_suffix", "test_scale"]
    for kind in (GTADataset, SynthiaDataset, ACDCDataset, DarkZurichDataset):
        assert list(inspect.signature(kind).parameters) == known


def test_folders_and_suffixes_have_defaults_and_can_be_given(tiny_layouts):
    assert len(GTADataset(data_root=str(tiny_layouts / "gta"))) == 6
    assert len(SynthiaDataset(data_root=str(tiny_layouts / "synthia"))) == 6
    labels = build(tiny_layouts, "gta", {"type": "GTADataset", "img_dir": "labels", "img_suffix": "_labelTrainIds.png"})
    assert labels.images.names[0] == "00001_labelTrainIds.png"
    coarse = build(tiny_layouts, "cityscapes", VALIDATION["cityscapes"], seg_map_suffix="_gtFine_labelIds.png")
    assert coarse.label_path(0).name.endswith("_gtFine_labelIds.png")


def test_an_option_that_is_missing_or_misspelt(tiny_layouts):
    with pytest.raises(UserError, match=r"ACDCDataset needs the option 'img_dir'\. Add img_dir="):
        build(tiny_layouts, "acdc", {"type": "ACDCDataset"})
    with pytest.raises(UserError, match="Did you mean 'img_dir'"):
        build(tiny_layouts, "acdc", {"type": "ACDCDataset", "image_dir": "rgb_anon/val"})
