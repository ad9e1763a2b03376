"""Priors, corrections, pipelines, sampling and evaluation of label shift adaptation against the records of the published code."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from torch import Tensor, nn

from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.sampling.class_aware_sampling import class_aware_list, image_level_counts
from mmseg.datasets.statistics.class_priors import image_scores, log_ratio, normalised, shown_in_target, source_counts
from mmseg.datasets.transforms import RESIZING, flip
from mmseg.evaluation import IoUMetric
from mmseg.models.backbones.vgg import VGG
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.cross_entropy import cross_entropy
from mmseg.registry import MODELS
from mmseg.structures import Box
from tests.parity.records import Record, assert_close, fill_by_recipe, parametrize
from tests.parity.test_label_shift import FOLDER

SMALLER = 0.7, 1.0, 1.3  # scales of the published helper for tests at several sizes


def numpy_counts(record: Record) -> np.ndarray:
    """Pixels of every class in every label."""
    labels = record.tensors["train_ids"].numpy()
    return np.stack([np.bincount(label[label < 255], minlength=len(record.info["label_to_file"])) for label in labels])


@parametrize(f"{FOLDER}/source_prior_*")
def test_source_prior(record):
    pixels = numpy_counts(record)
    for minimum, expected in record.info["by_ns"].items():
        counts = source_counts(pixels, int(minimum))
        assert counts.tolist() == expected["counts"], minimum
        assert (counts / counts.sum()).tolist() == pytest.approx(expected["P"]), minimum
        if f"indicator_ns{minimum}" in record.tensors:
            assert np.array_equal(pixels > int(minimum), record.tensors[f"indicator_ns{minimum}"].numpy()), minimum


@parametrize(f"{FOLDER}/target_prior_*")
def test_target_prior(record):
    """The record divides by 512 * 1024 whatever the size; we take the mean."""
    info = record.info
    logits = resize(record.tensors["logits"], info["label_size"], align_corners=True)
    scores = torch.cat([image_scores(single[None]) for single in logits])
    constant = np.log(np.prod(info["label_size"]) / (512 * 1024))
    assert_close(record, "scores", scores + constant, atol=2e-6)
    shown = shown_in_target(scores + constant, info["thresholds"])
    assert torch.equal(shown, record.tensors["indicator"].bool())
    assert shown.sum(0).tolist() == info["counts"]
    if sum(info["counts"]):
        assert normalised(info["counts"]).tolist() == pytest.approx([max(share, 1e-8) for share in info["P_t"]])


@parametrize(f"{FOLDER}/source_counts_*")
def test_pixel_frequency(record):
    totals = np.array(record.info["pixel_totals"])
    assert (totals / totals.sum()).tolist() == pytest.approx(record.info["shipped_p_pix"], abs=5e-9)


@parametrize(f"{FOLDER}/ia_*")
def test_inference_adjustment(record):
    info, image, size = record.info, record.tensors["image"], record.info["label_size"]
    ratio = log_ratio(info["source_counts"], info["target_counts"])
    assert ratio.tolist() == pytest.approx(info["log_ratio_float64"], abs=1e-12)
    shift = torch.from_numpy(ratio).float()[:, None, None]
    options = {"in_channels": info["recipe"]["in_channels"], "num_classes": len(ratio), "align_corners": True}
    recipe = info["recipe"]
    head = fill_by_recipe(MODELS.build({"type": "FADAHead", **options}), seed=recipe["seed"], mult=recipe["mult"])

    @torch.no_grad()
    def adjusted(look: Tensor, correction=shift) -> Tensor:
        return (resize(head([look]), size, align_corners=True) + correction).softmax(dim=1)

    def mirrored(look: Tensor) -> Tensor:
        return (adjusted(look) + adjusted(look.flip(3)).flip(3)) / 2

    with torch.no_grad():
        assert_close(record, "logits", head([image]))
    looks = [resize(image, [int(side * scale) for side in image.shape[2:]], align_corners=True) for scale in SMALLER]
    assert_close(record, "prob", adjusted(image))
    assert_close(record, "prob_plain_sub", adjusted(image, 0)[:, :, ::2, ::2])
    assert_close(record, "prob_flip_sub", mirrored(image)[:, :, ::2, ::2])
    assert_close(record, "prob_ms_sub", sum(map(adjusted, looks))[:, :, ::2, ::2] / len(looks))
    assert_close(record, "prob_ms_flip_sub", sum(map(mirrored, looks))[:, :, ::2, ::2] / len(looks))
    assert torch.equal(adjusted(image).argmax(1).byte(), record.tensors["pred"])
    assert torch.equal(adjusted(image, 0).argmax(1).byte(), record.tensors["pred_plain"])


@parametrize(f"{FOLDER}/cr_loss_*")
def test_rectified_loss(record):
    """The mean runs over all pixels."""
    shift = (torch.tensor(record.info["log_ps"]) - torch.tensor(record.info["log_pt"]))[:, None, None]
    for name, expected in record.info["results"].items():
        if f"{name}.logits" not in record.tensors:
            continue
        logits, label = record.tensors[f"{name}.logits"].clone().requires_grad_(), record.tensors[f"{name}.label"].long()
        loss = cross_entropy(logits + shift, label)
        loss.backward()
        assert loss.item() == pytest.approx(expected["loss"], rel=1e-6)
        assert_close(record, f"{name}.grad", logits.grad, atol=1e-8)
        with torch.no_grad():
            assert cross_entropy(logits, label).item() == pytest.approx(expected["plain_ce_mean_all_pixels"], rel=1e-6)
            valid = MODELS.build({"type": "CrossEntropyLoss", "avg_non_ignore": True})(logits + shift, label)
        assert valid.item() == pytest.approx(expected["loss_if_mean_over_valid"], rel=1e-6)
        assert (label != 255).sum() == expected["n_valid"]
    ignored = torch.full((1, 2, 2), 255)
    assert cross_entropy(torch.zeros(1, len(shift), 2, 2) + shift, ignored).item() == record.info["results"]["all_ignored"]["loss"]


def photo(record: Record) -> np.ndarray:
    """As the data sets read it, BGR."""
    return record.tensors["image"].numpy()[..., ::-1]


def as_input(image: np.ndarray) -> Tensor:
    """uint8 BGR [h, w, 3] as it goes into a network, [3, h, w]."""
    rgb = torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))[None]
    mean, std = (np.array(values) * 255 for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return SegDataPreprocessor(mean=mean.tolist(), std=std.tolist()).image(rgb)[0]


@parametrize(f"{FOLDER}/transform*")
def test_whole_images(record):
    label = record.tensors["label"].numpy()
    for name in ("adv_src", "adv_tgt"):
        width, height = record.info["sizes_wh"][name]
        options = CropOptions(img_scale=(width, height), crop_size=(height, width), keep_ratio=False, interpolation="bicubic", flip_prob=0)
        assert options.whole
        size = options.resized(label.shape, np.random.default_rng(0))
        assert_close(record, f"{name}.image", as_input(options.cut(photo(record), size, Box(0, height, 0, width))), atol=1e-5)
        if f"{name}.label" in record.tensors:
            assert np.array_equal(options.resize_label(label, size), record.tensors[f"{name}.label"].numpy())
    width, height = record.info["sizes_wh"]["test"]
    assert_close(record, "test.image", as_input(RESIZING["bicubic"](photo(record), (height, width))))
    assert np.array_equal(record.tensors["test.label"].numpy(), label)


@parametrize(f"{FOLDER}/transform*")
def test_random_scale(record, monkeypatch):
    """The crops of self-distillation, from the recorded draws; images that are larger than the crop."""
    label, (width, height) = record.tensors["label"].numpy(), record.info["sizes_wh"]["sd_crop"]
    native = (label.shape[1], label.shape[0])
    options = CropOptions(
        img_scale=native, crop_size=(height, width), keep_ratio=False, ratio_range=(0.5, 1.5), interpolation="bicubic", pad=True
    )
    for name in (key.removesuffix(".label") for key in record.tensors if key.startswith("sd") and key.endswith(".label")):
        random.seed(int(name.removeprefix("sd")))

        class Recorded:
            def uniform(self, low: float, high: float) -> float:
                return low + random.random() * (high - low)

        size = options.resized(label.shape, Recorded())
        if size[0] < height or size[1] < width:
            continue  # padded on both sides there, below and on the right here
        top, left = (0, 0) if size == (height, width) else (random.randint(0, size[0] - height), random.randint(0, size[1] - width))
        box = Box(top, top + height, left, left + width)
        flipped = random.random() < 0.5
        image, crop = options.cut(photo(record), size, box), options.resize_label(label, size)[box.slices]
        image, crop = (flip(image), flip(crop)) if flipped else (image, crop)
        assert_close(record, f"{name}.image", as_input(image))
        assert np.array_equal(crop, record.tensors[f"{name}.label"].numpy())


@parametrize(f"{FOLDER}/transform*")
def test_input_of_vgg(record):
    """In grey levels, blue first, without a division; the encoder turns the channels."""
    height, width = record.tensors["vgg.image"].shape[1:]
    small = RESIZING["bicubic"](photo(record), (height, width))
    rgb = torch.from_numpy(np.ascontiguousarray(small[..., ::-1].transpose(2, 0, 1)))[None]
    normalised_rgb = SegDataPreprocessor(mean=(123.68, 116.779, 103.939), std=(1.0, 1.0, 1.0)).image(rgb)
    assert_close(record, "vgg.image", VGG.turned(normalised_rgb)[0])


@parametrize(f"{FOLDER}/class_aware_sampling*")
def test_class_aware_sampling(record):
    info = record.info
    files = [[int(name.split(".")[0]) for name in own] for own in info["label_to_file"]]
    chosen = class_aware_list(files, info["max_iters"], np.random.RandomState(info["np_random_seed"]))
    assert len(chosen) == info["length"]
    expected = record.tensors["sequence"].numpy()
    assert chosen[: len(expected)].tolist() == expected.tolist()
    statistics = {train_id: [(index, 1) for index in own] for train_id, own in enumerate(files)}
    counts = image_level_counts(chosen, statistics, len(files), minimum=0)
    assert counts.tolist() == info["image_level_counts_seen"]
    assert (counts / counts.sum()).tolist() == pytest.approx(info["effective_source_prior"])


SCHEDULES = {
    "source_or_self_distillation": (5e-4, 31250),
    "adversarial_F": (2.5e-4, 62500),
    "adversarial_D": (1e-4, 62500),
    "CR_classifier": (2.5e-3, 62500),
}


def schedule_of(expected: dict[str, float]) -> tuple[float, int]:
    """First rate and length of a schedule that no config of ours has, from its first two values."""
    first, second = expected["0"], expected["1"]
    return first, round(1 / (1 - (second / first) ** (1 / 0.9)))


@parametrize(f"{FOLDER}/lr_schedule*")
def test_learning_rates(record):
    """mmengine's schedule, step by step, has the published values after tens of thousands of iterations."""
    for name, expected in record.info["values"].items():
        base, length = SCHEDULES.get(name) or schedule_of(expected)
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(()))], lr=base)
        poly = {"type": "PolyLR", "power": 0.9, "eta_min": 0.0, "end": length + 1, "by_epoch": False, "optimizer": optimizer}
        schedule = PARAM_SCHEDULERS.build(poly)
        for iteration in range(max(map(int, expected)) + 1):
            if str(iteration) in expected:
                assert optimizer.param_groups[0]["lr"] == pytest.approx(expected[str(iteration)], rel=1e-6), (name, iteration)
            schedule.last_step += 1
            optimizer.param_groups[0]["lr"] = schedule._get_value()[0]  # what a step does, without its warnings and its records


@parametrize(f"{FOLDER}/evaluation*")
def test_evaluation(record):
    """A class that is nowhere counts 0 in the mean."""
    names = [f"class {index}" for index in range(record.info["num_classes"])]
    metric = IoUMetric(classes=names, unseen="zero")
    metric.dataset_meta = {}
    pairs = sum(key.startswith("label") for key in record.tensors)
    samples = [{"label": record.tensors[f"label{index}"], "prediction": record.tensors[f"pred{index}"]} for index in range(pairs)]
    metric.process(None, samples)
    scores = metric.compute_metrics(metric.results)
    assert [scores[f"IoU.{name}"] for name in names] == pytest.approx([100 * value for value in record.info["iou"]], abs=1e-4)
    assert scores["mIoU"] == pytest.approx(100 * record.info["mIoU"], abs=1e-4)
