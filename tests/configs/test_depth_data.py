"""The data files of the depth distribution: sizes, classes, depth, and how Mapillary is measured, on demo data of the real layouts."""

import shutil

import pytest
import torch
from mmengine.config import Config

from mmseg.config.small.config import demo_folder
from mmseg.datasets import UDADataset
from mmseg.datasets.classes.categories import CATEGORY_NAMES
from mmseg.datasets.classes.groups import NAMED_GROUPS
from mmseg.registry import DATASETS, METRICS, build_checked
from tests import tiny

BASE = tiny.ROOT / "configs/_base_/datasets"
SIZES = {"": (1280, 760), "_small": (640, 320)}
FILES = {
    "synthia_to_cityscapes_depth": (1280, 760),
    "synthia_to_cityscapes_depth_7": (1280, 760),
    "synthia_to_cityscapes_depth_7_small": (640, 320),
    "synthia_to_mapillary_depth_7": (1280, 760),
    "synthia_to_mapillary_depth_7_small": (640, 320),
}


def at(dataset: dict, folder) -> dict:
    """The same on the demo data of that layout."""
    return {**dataset, "data_root": str(folder / demo_folder(dataset))}


def classes_of(name: str) -> tuple[str, ...]:
    return CATEGORY_NAMES if "_7" in name else tuple(NAMED_GROUPS["16"])


@pytest.mark.parametrize("name", FILES)
def test_training(name, tiny_layouts):
    """Whole images of one size, with depth; Mapillary fits in, and the rest is black and counts as a part of the image."""
    options = Config.fromfile(BASE / f"{name}.py").train_dataloader.dataset.to_dict()
    assert options.pop("type") == "UDADataset"
    data = UDADataset(**{**options, "source": at(options["source"], tiny_layouts), "target": at(options["target"], tiny_layouts)})
    width, height = FILES[name]
    for index in range(4):
        sample = data[index]
        source, target = sample["source"], sample["target"]
        assert source["image"].shape == target["image"].shape == (3, height, width)
        assert source["depth"].shape == source["label"].shape == (height, width) and source["depth"].min() >= 1
        assert source["size"].tolist() == target["size"].tolist() == [height, width]
    assert data.metainfo["classes"] == classes_of(name)
    targets = [data[index]["target"]["image"] for index in range(6)]
    black = [not image[:, -1].any() or not image[:, :, -1].any() for image in targets]
    assert any(black) == ("mapillary" in name)


@pytest.mark.parametrize("name", [*FILES, "mapillary_7_val", "mapillary_7_small_val"])
def test_evaluation(name, tiny_layouts):
    cfg = Config.fromfile(BASE / f"{name}.py")
    dataset = build_checked(at(cfg.val_dataloader.dataset.to_dict(), tiny_layouts), DATASETS)
    metric = build_checked(cfg.val_evaluator.to_dict(), METRICS)
    metric.dataset_meta = dataset.metainfo
    assert dataset.metainfo["classes"] == classes_of(name) and cfg.val_dataloader.batch_size == 1
    width, height = SIZES["_small" if "_small" in name else ""]
    for index in range(len(dataset)):
        sample = dataset[index]
        measured = (height, width) if name.startswith("synthia_to_mapillary") else dataset.read_label(index).shape
        assert sample["label"].shape == tuple(sample["native_size"].tolist()) == measured
        rows, columns = sample["image"].shape[1:]
        assert max(rows / height, columns / width) == 1 and (name.endswith("_val") or (rows, columns) == (height, width))
        metric.process(None, [{"prediction": sample["label"].where(sample["label"] != 255, torch.tensor(0).byte()), **sample}])
    assert metric.compute_metrics(metric.results)["mIoU"] == 100


def test_class_frequencies_of_seven_categories(tiny_layouts, tmp_path):
    """What class weights and thresholds of areas are made from."""
    source = Config.fromfile(BASE / "synthia_to_cityscapes_depth_7.py").train_dataloader.dataset.source.to_dict()
    shutil.copytree(tiny_layouts / "synthia", tmp_path / "synthia")  # the counts are noted there
    data = build_checked(at(source, tmp_path), DATASETS)
    pixels = data.class_statistics().pixels
    assert set(pixels) <= set(range(7)) and pixels[0] == sum(int((data.read_label(index) == 0).sum()) for index in range(len(data)))
