"""The data files that no published run has: SYNTHIA to Mapillary, and evaluation on BDD100K and Mapillary."""

import pytest
import torch
from mmengine.config import Config

from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.small.config import demo_folder
from mmseg.datasets import UDADataset
from mmseg.registry import DATASETS, METRICS, build_checked
from tests import tiny

BASE = tiny.ROOT / "configs/_base_/datasets"
EVALUATED = {"bdd100k_val": "BDD100KDataset", "mapillary_val": "MapillaryDataset", "uda_synthia_to_mapillary": "MapillaryDataset"}
SCALES = {1: (2048, 1024), 0.5: (1024, 512)}


def read(name: str, scale: float) -> Config:
    cfg = Config.fromfile(BASE / f"{name}.py")
    cfg.scale, cfg.crop_size = scale, (round(1024 * scale),) * 2
    return resolve_sizes(cfg)


def at(dataset: dict, folder) -> dict:
    """The same on the demo data of that layout."""
    return {**dataset, "data_root": str(folder / demo_folder(dataset))}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", EVALUATED)
def test_evaluation(name, scale, tiny_layouts):
    cfg = read(name, scale)
    assert cfg.val_dataloader.batch_size == 1  # sizes differ
    assert cfg.val_dataloader.dataset.test_scale == SCALES[scale]
    assert cfg.val_dataloader.dataset.type == EVALUATED[name]
    dataset = build_checked(at(cfg.val_dataloader.dataset.to_dict(), tiny_layouts), DATASETS)
    metric = build_checked(cfg.val_evaluator.to_dict(), METRICS)
    metric.dataset_meta = dataset.metainfo
    sample = dataset[1]
    assert len(dataset) == 2 and sample["image"].shape[1] == cfg.val_dataloader.dataset.test_scale[1]
    metric.process(None, [{"prediction": sample["label"].where(sample["label"] != 255, torch.tensor(0).byte()), **sample}])
    assert metric.compute_metrics(metric.results)["mIoU"] == 100


@pytest.mark.parametrize("scale", SCALES)
def test_training_crops_of_images_of_many_sizes(scale, tiny_layouts):
    options = read("uda_synthia_to_mapillary", scale).train_dataloader.dataset.to_dict()
    size = round(1024 * scale)
    assert options.pop("type") == "UDADataset"
    assert options["source_crop"]["crop_size"] == options["target_crop"]["crop_size"] == (size, size)
    assert options["source_crop"]["img_scale"] == (size * 5 // 2, size * 95 // 64)
    assert options["target_crop"] == {"img_scale": (2 * size, size), "crop_size": (size, size), "pad": True}
    dataset = UDADataset(**{**options, "source": at(options["source"], tiny_layouts), "target": at(options["target"], tiny_layouts)})
    for index in range(4):
        sample = dataset[index]
        assert sample["source"]["image"].shape == sample["target"]["image"].shape == (3, size, size)
        assert min(sample["target"]["size"]) >= size - 1
