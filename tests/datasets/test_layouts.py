"""Every data set reads its own folders, as training and evaluation configs name them."""

import inspect
import shutil
from pathlib import Path

import pytest
import torch

from mmseg.datasets import (
    ACDCDataset,
    BDD100KDataset,
    DarkZurichDataset,
    GTADataset,
    MapillaryDataset,
    SynthiaDataset,
    UDADataset,
)
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import CLASSES
from mmseg.datasets.kinds import synthia
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
    "bdd100k": {"type": "BDD100KDataset", "img_dir": "images/10k/train", "ann_dir": "labels/sem_seg/masks/train"},
    "mapillary": {"type": "MapillaryDataset", "img_dir": "training/images", "ann_dir": "training/labels"},
}
VALIDATION = {
    "cityscapes": {"type": "CityscapesDataset", "img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val"},
    "acdc": {"type": "ACDCDataset", "img_dir": "rgb_anon/val", "ann_dir": "gt/val"},
    "dark_zurich": {"type": "DarkZurichDataset", "img_dir": "rgb_anon/val", "ann_dir": "gt/val"},
    "bdd100k": {"type": "BDD100KDataset", "img_dir": "images/10k/val", "ann_dir": "labels/sem_seg/masks/val"},
    "mapillary": {"type": "MapillaryDataset", "img_dir": "validation/images", "ann_dir": "validation/labels"},
}
LOSSLESS = ("cityscapes", "acdc", "dark_zurich")


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
    images = [{sample["image"].numpy().tobytes() for sample in build(tiny_layouts, name, TARGETS[name], ann_dir=None)} for name in LOSSLESS]
    assert len(images[0]) == 4
    assert images[0] == images[1] == images[2]


def test_validation_labels_are_those_of_the_same_scenes(tiny_layouts):
    labels = {name: [sample["label"] for sample in build(tiny_layouts, name, config)] for name, config in VALIDATION.items()}
    for name in ("acdc", "dark_zurich", "bdd100k"):
        assert {label.numpy().tobytes() for label in labels[name]} == {label.numpy().tobytes() for label in labels["cityscapes"]}
    assert torch.equal(labels["mapillary"][0], labels["cityscapes"][0])
    assert labels["mapillary"][1].shape == (72, 96)


@pytest.mark.parametrize("name", VALIDATION)
def test_evaluation_samples(tiny_layouts, name):
    samples = list(build(tiny_layouts, name, VALIDATION[name], test_scale=(64, 32)))
    assert len(samples) == 2
    for sample in samples:
        assert sample["image"].shape[1] == 32 and sample["image"].shape[2] in (43, 64)
        assert sample["label"].shape == tuple(sample["native_size"])
        assert set(sample["label"].unique().tolist()) <= {*range(len(CLASSES)), 255}


def test_evaluation_without_labels(tiny_layouts):
    sample = build(tiny_layouts, "dark_zurich", VALIDATION["dark_zurich"], ann_dir=None)[0]
    assert "label" not in sample


def test_night_images_for_training_have_no_labels(tiny_layouts):
    with pytest.raises(UserError, match=r"DarkZurichDataset: 4 of 4 images have no label, first .*gt/train/night"):
        build(tiny_layouts, "dark_zurich", TARGETS["dark_zurich"])


def test_one_condition_alone(tiny_layouts):
    dataset = ACDCDataset(data_root=str(tiny_layouts / "acdc"), img_dir="rgb_anon/night/val", ann_dir="gt/night/val")
    assert dataset.label_path(0) == tiny_layouts / "acdc/gt/night/val/GOPR0000/GOPR0000_frame_000002_gt_labelTrainIds.png"
    assert dataset.conditions == ("night",) and "label" in dataset[0]


def test_acdc_is_read_as_it_was_unpacked(tiny_layouts):
    dataset = build(tiny_layouts, "acdc", TARGETS["acdc"])
    assert dataset.conditions == ("fog", "night", "rain", "snow")
    assert [name.split("/")[:2] for name in dataset.images.names] == [[name, "train"] for name in dataset.conditions]
    assert "label" in dataset[3]


def test_other_splits_with_the_same_beginning_are_left_out(tiny_layouts, tmp_path):
    """The archive holds reference images in clear weather in train_ref and val_ref."""
    root = Path(shutil.copytree(tiny_layouts / "acdc", tmp_path / "acdc"))
    (root / "rgb_anon/fog/train").rename(root / "rgb_anon/fog/train_ref")
    assert build(tmp_path, "acdc", TARGETS["acdc"]).conditions == ("night", "rain", "snow")


def test_acdc_in_its_archives(tiny_layouts, tmp_path):
    for archive, kind in (("rgb_anon_trainvaltest", "rgb_anon"), ("gt_trainval", "gt")):
        shutil.make_archive(str(tmp_path / archive), "zip", tiny_layouts / "acdc", kind)
    folders = {"img_dir": "rgb_anon_trainvaltest.zip/rgb_anon/val", "ann_dir": "gt_trainval.zip/gt/val"}
    packed, unpacked = ACDCDataset(data_root=str(tmp_path), **folders), build(tiny_layouts, "acdc", VALIDATION["acdc"])
    assert packed.conditions == unpacked.conditions == ("fog", "night")
    assert torch.equal(packed[1]["image"], unpacked[1]["image"]) and torch.equal(packed[1]["label"], unpacked[1]["label"])


def test_flattened_acdc(tiny_layouts, tmp_path):
    """The sequences of all conditions in one folder per split, as the published configs expect them."""
    for kind in ("rgb_anon", "gt"):
        for condition in ("fog", "night"):
            shutil.copytree(tiny_layouts / "acdc" / kind / condition / "val", tmp_path / "acdc" / kind / "val", dirs_exist_ok=True)
    dataset = build(tmp_path, "acdc", VALIDATION["acdc"])
    assert dataset.label_path(1) == tmp_path / "acdc/gt/val/GOPR0000/GOPR0000_frame_000002_gt_labelTrainIds.png"
    assert dataset.conditions == (None, None) and "label" in dataset[1]


def test_acdc_that_is_missing(tiny_layouts, tmp_path):
    with pytest.raises(UserError, match=r"the image folder .*acdc/rgb_anon does not exist"):
        build(tmp_path, "acdc", TARGETS["acdc"])
    root = Path(shutil.copytree(tiny_layouts / "acdc", tmp_path / "acdc"))
    with pytest.raises(UserError, match=r"the image folder .*acdc/rgb_anon/test does not exist"):
        build(tmp_path, "acdc", TARGETS["acdc"], img_dir="rgb_anon/test")
    shutil.rmtree(root / "gt/fog")
    with pytest.raises(UserError, match=r"1 of 4 images have no label, first .*gt/fog/train/.* Unpack gt_trainval\.zip into "):
        build(tmp_path, "acdc", TARGETS["acdc"])


def test_options_are_those_of_the_base():
    known = list(inspect.signature(SegmentationDataset).parameters)
    folders = ["data_root", "img_dir", "ann_dir", "img_suffix", "seg_map_suffix", "split", "classes", "categories"]
    chosen = ["first", "labeled", "labeled_seed"]
    assert known == [*folders, *chosen, "test_scale", "test_keep_ratio", "test_interpolation", "depth", "range", "depth_dir"]
    for kind in (GTADataset, SynthiaDataset, ACDCDataset, DarkZurichDataset, BDD100KDataset, MapillaryDataset):
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
