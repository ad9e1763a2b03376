"""The small forms of trainings on the depth distribution's data: demo folders, whole images of the small size, 7 categories."""

import pytest

from mmseg.config.config import load_config
from mmseg.config.small.shrink import demo, layouts, shrink
from mmseg.datasets import UDADataset
from mmseg.registry import DATASETS, METRICS, build_checked
from tests import tiny

FILES = {"synthia_to_cityscapes_depth": 16, "synthia_to_cityscapes_depth_7_small": 7, "synthia_to_mapillary_depth_7": 7}


@pytest.fixture
def config(tmp_path):
    """A training on the data of a file, of which the first 3 target images are used."""

    def write(data: str):
        parts = ("default_runtime", "models/dlv2red_r101v1c", f"datasets/{data}", "uda/minent", "schedules/adamw_resnet_poly10warm_40k")
        bases = [str(tiny.ROOT / f"configs/_base_/{part}.py") for part in parts]
        path = tmp_path / "config.py"
        path.write_text(f"_base_ = {bases}\nmodel = dict(decode_head=dict(num_classes={FILES[data]}))\n")
        return load_config(path, {"train_dataloader.dataset.target.first": 3})

    return write


def first_samples(cfg) -> tuple[dict, dict]:
    """Of the training and of the evaluation; a metric takes the classes."""
    options = cfg.train_dataloader.dataset.to_dict()
    assert options.pop("type") == "UDADataset" and "first" not in options["target"]
    val = build_checked(cfg.val_dataloader.dataset.to_dict(), DATASETS)
    metric = build_checked(cfg.val_evaluator.to_dict(), METRICS)
    metric.dataset_meta, sample = val.metainfo, val[0]
    metric.process(None, [{**sample, "prediction": sample["label"]}])
    assert metric.compute_metrics(metric.results)["mIoU"] > 0
    return UDADataset(**options)[0], sample


@pytest.mark.parametrize("data", FILES)
def test_smoke(config, data, tiny_layouts):
    cfg = shrink(config(data), tiny_layouts)
    sample, evaluated = first_samples(cfg)
    height, width = cfg.train_dataloader.dataset.source_crop.crop_size
    assert sample["source"]["depth"].shape == (height, width) and evaluated["image"].shape[1:] == (height, width)


@pytest.mark.parametrize("data", FILES)
def test_demo(config, data, tiny_layouts):
    cfg = config(data)
    assert "synthia" in layouts(cfg)
    small = demo(cfg)
    assert small.train_dataloader.dataset.source.data_root == "data/demo/synthia"
    assert small.train_dataloader.dataset.source_crop.crop_size == list(reversed(small.train_dataloader.dataset.source_crop.img_scale))
    for dataset in (small.train_dataloader.dataset.source, small.train_dataloader.dataset.target, small.val_dataloader.dataset):
        dataset.data_root = dataset.data_root.replace("data/demo", str(tiny_layouts))
    sample, _ = first_samples(small)
    assert sample["source"]["image"].shape == sample["target"]["image"].shape
    assert len(small.uda.source_class_weight) == FILES[data] and ("thin" in small.val_evaluator.subsets) == (FILES[data] == 16)
