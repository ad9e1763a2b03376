"""Data, source order, schedules, test inference and evaluation of RIPU against the records of the published code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from mmseg.config.config import load_config
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.sampling.class_aware_sampling import class_aware_list
from mmseg.datasets.transforms import RESIZING
from mmseg.engine.parts import build_model
from mmseg.evaluation import IoUMetric
from mmseg.models.uda import UDAMethod
from mmseg.structures import Box
from tests import tiny
from tests.models.networks import plain
from tests.parity.records import Record, assert_close, parametrize
from tests.parity.test_label_shift_data import as_input
from tests.parity.test_ripu_networks import FOLDER, small_network

CONFIGS = tiny.ROOT / "configs" / "ripu"


def whole_image(size_wh: list[int]) -> CropOptions:
    """What configs/_base_/datasets/gta_to_cityscapes_ripu.py says of crops, for another size."""
    width, height = size_wh
    return CropOptions(img_scale=(width, height), crop_size=(height, width), keep_ratio=False, interpolation="bicubic", flip_prob=0.0)


def resized(options: CropOptions, record: Record, domain: str) -> np.ndarray:
    """An image of the record as a training cuts it, BGR."""
    image = record.tensors[f"{domain}_image"].numpy()[..., ::-1]
    size = options.resized(image.shape[:2], np.random.default_rng(0))
    return options.cut(image, size, Box(0, size[0], 0, size[1]))


@parametrize(f"{FOLDER}/data_transforms*")
def test_whole_images(record):
    tensors, config = record.tensors, record.info["config"]
    for domain, size, output in (("src", "source_input_wh", "src_x"), ("tgt", "target_input_wh", "tgt_x")):
        assert_close(record, output, as_input(resized(whole_image(config[size]), record, domain)), atol=1e-5)
    labels = ("src_label", "source", "src_y"), ("tgt_label", "target", "tgt_label_out"), ("tgt_mask", "target", "tgt_mask_out")
    for label, size, output in labels:
        width, height = config[f"{size}_input_wh"]
        small = whole_image([width, height]).resize_label(tensors[label].numpy(), (height, width))
        assert np.array_equal(small, tensors[output].numpy()), label


@parametrize(f"{FOLDER}/data_transforms*")
def test_evaluated_images_are_read_alike(record):
    assert record.tensors["test_x_equals_tgt_x"].item() == 1
    width, height = record.info["config"]["target_input_wh"]
    image = record.tensors["tgt_image"].numpy()[..., ::-1]
    assert_close(record, "tgt_x", as_input(RESIZING["bicubic"](image, (height, width))), atol=1e-5)


@parametrize(f"{FOLDER}/source_sampler*")
def test_source_order(record):
    """The list is that of FADA; a run of the record is one seed and one length."""
    info = record.info
    files = [[int(name.split(".")[0]) for name in own] for own in info["label_to_file"]]
    runs = {name: run for name, run in info.items() if name.startswith("run")}
    assert runs
    for name, run in runs.items():
        chosen = class_aware_list(files, run["max_iters"], np.random.RandomState(run["np_seed"]))
        assert len(chosen) == run["n"], name
        expected = [int(file.split(".")[0]) for file in run["first"]]
        assert chosen[: len(expected)].tolist() == expected, name


@parametrize(f"{FOLDER}/lr_schedule*")
def test_learning_rates(record):
    """mmengine's schedule, step by step, has the published values after tens of thousands of iterations."""
    for row in record.info["rows"]:
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(()))], lr=row["base"])
        poly = {"type": "PolyLR", "power": 0.9, "eta_min": 0.0, "end": row["max_iter"] + 1, "by_epoch": False, "optimizer": optimizer}
        schedule = PARAM_SCHEDULERS.build(poly)
        for iteration in range(max(map(int, row["lr"])) + 1):
            if str(iteration) in row["lr"]:
                assert optimizer.param_groups[0]["lr"] == pytest.approx(row["lr"][str(iteration)], rel=1e-6), (row["max_iter"], iteration)
            schedule.last_step += 1
            optimizer.param_groups[0]["lr"] = schedule._get_value()[0]  # what a step does, without its warnings and its records


@parametrize(f"{FOLDER}/inference_*")
def test_both_sides(record, monkeypatch):
    """Image and mirror image, each enlarged to the size of the label before the softmax."""
    config = record.info["config"]
    network = small_network(record, monkeypatch)
    network.test_cfg = {"mode": "whole", "enlarge_once": True, "flip": True}
    identity = {"type": "SegDataPreprocessor", "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}  # the recorded input is normalised
    method = UDAMethod(segmentor=plain(), data_preprocessor=identity).eval()
    method.model = network
    down, right = config["prob_stride"]
    with torch.no_grad():
        looks = method.looks(record.tensors["x"])
        prob = method.native_probabilities(looks, config["label_size"])
        alone = method.native_probabilities(looks[:1], config["label_size"])
    assert len(looks) == 2
    assert_close(record, "prob", prob[None, :, ::down, ::right])
    assert_close(record, "prob_noflip", alone[None, :, ::down, ::right])
    sample = {"image": record.tensors["x"], "path": ["a.png"], "native_size": torch.tensor([config["label_size"]])}
    assert torch.equal(method.test_step(sample)[0]["prediction"][None], record.tensors["pred"])


@parametrize(f"{FOLDER}/evaluation*")
def test_evaluation(record):
    """A class that is nowhere counts 0 in the mean over all classes."""
    names = [f"class {index}" for index in range(len(record.tensors["iou"]))]
    metric = IoUMetric(classes=names, unseen="zero")
    metric.dataset_meta = {}
    metric.process(None, [{"label": record.tensors["gt"], "prediction": record.tensors["pred"]}])
    confusion = metric.confusion(metric.results)
    assert confusion.diagonal().tolist() == record.tensors["intersection"].tolist()
    assert confusion.sum(1).tolist() == record.tensors["target"].tolist()
    assert (confusion.sum(0) + confusion.sum(1) - confusion.diagonal()).tolist() == record.tensors["union"].tolist()
    scores = metric.compute_metrics(metric.results)
    assert [scores[f"IoU.{name}"] / 100 for name in names] == pytest.approx(record.tensors["iou"].tolist(), abs=1e-6)
    assert scores["mIoU"] / 100 == pytest.approx(record.info["scalars"]["miou"], abs=1e-6)


def first_rates(cfg) -> dict[str, float]:
    """Of encoder and decoder."""
    base, keys = cfg.optim_wrapper.optimizer.lr, cfg.optim_wrapper.paramwise_cfg.custom_keys
    return {"backbone": base, "decode_head": base * keys.decode_head.lr_mult}


@parametrize(f"{FOLDER}/train_*")
def test_our_configs_have_the_recorded_options(record):
    """Of losses and optimizer; the record has small images, a large budget and few iterations."""
    cfg, recorded, (step, *_) = load_config(CONFIGS / "gta2cs_ripu_ra.py"), record.info["config"], record.info["steps"]
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.momentum, optimizer.weight_decay, optimizer.lr) == tuple(
        recorded[key] for key in ("momentum", "weight_decay", "base_lr")
    )
    assert list(first_rates(cfg).values()) == pytest.approx([step["lr_fe"], step["lr_cls"]])
    with torch.device("meta"):
        objectives = build_model(cfg).objectives
    source, annotated = objectives["source"], objectives["annotated"]
    losses = source.local_consistency.weight, annotated.negative, annotated.threshold
    assert losses == tuple(recorded[key] for key in ("consistent_loss", "negative_loss", "negative_threshold"))
    assert cfg.param_scheduler[0].power == recorded["lr_power"] and cfg.train_dataloader.batch_size == recorded["batch_size"]
    assert cfg.custom_hooks[3].acquisition.radius == recorded["radius_k"]


@pytest.mark.parametrize(("file", "iterations"), [("gta2cs_ripu_ra", 40000), ("gta2cs_source", 20000), ("gta2cs_ripu_source_free", 30000)])
def test_schedules_of_our_configs(file, iterations):
    """The decay of 62,500 iterations, or of 31,250 for twice the rate, is left early."""
    cfg = load_config(CONFIGS / f"{file}.py")
    (decay,) = cfg.param_scheduler
    assert cfg.train_cfg.max_iters == iterations
    assert (cfg.optim_wrapper.optimizer.lr, decay.end - 1) == ((5e-4, 31250) if file == "gta2cs_source" else (2.5e-4, 62500))


def test_the_source_list_is_as_long_as_published():
    """62,500 iterations of two images, and then to the end of a part."""
    options = load_config(CONFIGS / "gta2cs_ripu_ra.py").train_dataloader.dataset.class_aware_sampling
    assert len(class_aware_list([[0, 1], [1]], options.draws, np.random.RandomState(0))) == 126_000
