"""The data files that no published run has: SYNTHIA to Mapillary, and evaluation on BDD100K and Mapillary."""

import pytest
import torch
from mmengine.config import Config

from mmseg.datasets import UDADataset
from mmseg.registry import DATASETS, METRICS, build_checked
from mmseg.utils.small_config import demo_folder
from tests import tiny

BASE = tiny.ROOT / "configs/_base_/datasets"
EVALUATED = {
    "bdd100k_val": "BDD100KDataset",
    "mapillary_val": "MapillaryDataset",
    "uda_synthia_to_mapillary_512x512": "MapillaryDataset",
    "bdd100kHR_val": "BDD100KDataset",
    "mapillaryHR_val": "MapillaryDataset",
    "uda_synthiaHR_to_mapillaryHR_1024x1024": "MapillaryDataset",
}
PAIR = ("uda_synthia_to_mapillary_512x512", "uda_synthiaHR_to_mapillaryHR_1024x1024")


def read(name: str) -> Config:
    return Config.fromfile(BASE / f"{name}.py")


def at(dataset: dict, folder) -> dict:
    """The same on the demo data of that layout."""
    return {**dataset, "data_root": str(folder / demo_folder(dataset))}


@pytest.mark.parametrize("name", EVALUATED)
def test_evaluation(name, tiny_layouts):
    cfg = read(name)
    assert cfg.val_dataloader.batch_size == 1  # sizes differ
    assert cfg.val_dataloader.dataset.test_scale == ((2048, 1024) if "HR" in name else (1024, 512))
    assert cfg.val_dataloader.dataset.type == EVALUATED[name]
    dataset = build_checked(at(cfg.val_dataloader.dataset.to_dict(), tiny_layouts), DATASETS)
    metric = build_checked(cfg.val_evaluator.to_dict(), METRICS)
    metric.dataset_meta = dataset.metainfo
    sample = dataset[1]
    assert len(dataset) == 2 and sample["image"].shape[1] == cfg.val_dataloader.dataset.test_scale[1]
    metric.process(None, [{"prediction": sample["label"].where(sample["label"] != 255, torch.tensor(0).byte()), **sample}])
    assert metric.compute_metrics(metric.results)["mIoU"] == 100


@pytest.mark.parametrize("name", PAIR)
def test_training_crops_of_images_of_many_sizes(name, tiny_layouts):
    options = read(name).train_dataloader.dataset.to_dict()
    size = 1024 if "HR" in name else 512
    assert options.pop("type") == "UDADataset"
    assert options["source_crop"]["crop_size"] == options["target_crop"]["crop_size"] == (size, size)
    assert options["source_crop"]["img_scale"] == (size * 5 // 2, size * 95 // 64)
    assert options["target_crop"] == {"img_scale": (2 * size, size), "crop_size": (size, size), "pad": True}
    dataset = UDADataset(**{**options, "source": at(options["source"], tiny_layouts), "target": at(options["target"], tiny_layouts)})
    for index in range(4):
        sample = dataset[index]
        assert sample["source"]["image"].shape == sample["target"]["image"].shape == (3, size, size)
        assert min(sample["target"]["size"]) >= size - 1
