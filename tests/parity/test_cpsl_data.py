"""Crops, strong views, colour transfer and pseudo-labels of CPSL against the records of the published code."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmseg.apis.preparing.passes import LabelOptions, hard_result, small_looks, small_probabilities, soft_result
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.cropping.target_crop import TargetCrop
from mmseg.datasets.transforms import LabStatistics, draw_strong, lab_transfer, rand_augment, resize_bilinear, strong_view, to_lab
from mmseg.datasets.transforms.pillow import Jitter
from mmseg.evaluation import IoUMetric
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.uda.augmentation.place import crop_of_whole
from mmseg.models.uda.augmentation.replay import replay_mask, replay_strong
from mmseg.structures import Box, CropPlace, StrongGeometry, soft_crop
from mmseg.utils.products.soft_maps import probabilities
from tests.parity.records import assert_close, fill_by_recipe, parametrize

FOLDER = "methods/cpsl"
IGNORED = 250
NAMES = {"Hflip": "flip", "ShearX": "shear_x", "ShearY": "shear_y", "TranslateX": "translate_x", "TranslateY": "translate_y"}
NAMES |= {"Rotate": "rotate", "CutoutAbs": "cutout"}
NOT_APPLIED = 1e4


def geometry(params: dict) -> StrongGeometry:
    """From the recorded parameters."""
    given = {NAMES[key]: value for key, value in params.items() if value != NOT_APPLIED}
    return StrongGeometry(**{**given, "cutout": tuple(given["cutout"]) if "cutout" in given else None})


@parametrize(f"{FOLDER}/label_strong*")
def test_replay(record):
    stride = record.info["scale"]
    for case in record.info["cases"]:
        bent = [geometry(params) for params in case["params"]]
        number = case["index"]
        values, labels = record.tensors[f"map{number}.in"], record.tensors[f"label{number}.in"]
        replayed = replay_strong(values, bent, stride=stride, fill=IGNORED)
        assert_close(record, f"map{number}.out", replayed, rtol=0, atol=1e-6)
        assert torch.equal(replay_strong(labels, bent, stride=stride, fill=IGNORED), record.tensors[f"label{number}.out"])
        known = replay_mask(bent, values.shape[2:], stride=stride)
        assert torch.equal(known.expand_as(values), record.tensors[f"map{number}.out"] != IGNORED)


@parametrize(f"{FOLDER}/full2weak*")
def test_crop_of_whole(record):
    info, expected = record.info, record.tensors["y"]
    places = [
        CropPlace(native=tuple(size), resized=tuple(size), box=Box(*box), crop=(box[1] - box[0], box[3] - box[2]), flipped=flipped)
        for size, box, flipped in zip(info["sizes_hw"], info["crops_y1y2x1x2"], info["flips"], strict=True)
    ]
    assert_close(record, "y", crop_of_whole(record.tensors["x"], places, size=expected.shape[2:]))


class RecordedStreams:
    """Gives the global generators of a record the interface of :class:`mmseg.utils.randomness.Streams`."""

    def numpy(self, name: str) -> RecordedStreams:
        return self

    def random(self) -> float:
        return random.random()

    def integers(self, low: int, high: int) -> int:
        """Choices come from Python's generator, levels from NumPy's."""
        return int(random.random() * high) if low == 0 else np.random.randint(low, high)

    def uniform(self, low: float, high: float) -> float:
        return np.random.uniform(low, high)


def torchvision_jitter(_, strengths) -> Jitter:
    """The draws of torchvision's transform, from torch's global generator."""
    from torchvision.transforms import ColorJitter

    ranges = [(1 - strength, 1 + strength) for strength in strengths[:3]]
    order, *values = ColorJitter.get_params(*ranges, (-strengths[3], strengths[3]))
    names = ("brightness", "contrast", "saturation", "hue")
    return Jitter(tuple((names[step], values[step]) for step in order))


@parametrize(f"{FOLDER}/randaugment*")
def test_strong_view(record, monkeypatch):
    """Draws in their published order, the image, and the geometry."""
    monkeypatch.setattr(rand_augment, "draw_jitter", torchvision_jitter)
    photo = record.tensors["image"].numpy()
    for case in record.info["cases"]:
        for seed in (random.seed, np.random.seed, torch.manual_seed):
            seed(case["seed"])
        draw = draw_strong(RecordedStreams(), photo.shape[:2], operations=2, strength=10, probability=0.5, color_jitter=(0.4,) * 4)
        assert [name for name, _ in draw.steps] == [name for name, _ in case["applied_ops"]]
        assert draw.geometry == geometry(case["params"])
        assert np.array_equal(strong_view(photo, draw), record.tensors[f"s{case['seed']}"].numpy())


def bgr(image: torch.Tensor) -> np.ndarray:
    """A recorded image as our data sets read it."""
    return np.ascontiguousarray(image.numpy()[..., ::-1])


@parametrize(f"{FOLDER}/lab_transfer*")
def test_lab_transfer(record):
    """Fractions of grey levels are cut off: one of a thousand pixels may fall to the other side."""
    height, width = record.info["out_shape"][1:]
    image = resize_bilinear(bgr(record.tensors["source_image"]), (height, width))
    made = lab_transfer(image, LabStatistics.of(to_lab(bgr(record.tensors["target_image"]))))[..., ::-1] / 255
    step = height // record.tensors["img_sub"].shape[1]
    difference = np.abs(made[::step, ::step].transpose(2, 0, 1) - record.tensors["img_sub"].numpy()) * 255
    assert difference.max() < 1.01 and (difference > 0.01).mean() < 1e-3
    assert made.sum() == pytest.approx(record.info["img_checksum"][0], rel=1e-6)


def weak_crop(record, case) -> tuple[TargetCrop, tuple[int, int]]:
    """The recorded crop, and the native size; its size is drawn."""
    native = record.tensors["image"].shape[:2]
    base, (width, height) = record.info["size_argument"], record.info["crop_wh"]
    options = CropOptions(
        img_scale=(base, base),
        crop_size=(height, width),
        ratio_range=(0.5, 1.5),
        keep_ratio="width",
        interpolation="pillow_bilinear",
        pad=True,
    )
    random.seed(case["random_seed"])

    class Recorded:
        def uniform(self, low: float, high: float) -> float:
            return random.uniform(low, high)

    box = Box(*case["params"]["RandomCrop"])
    return TargetCrop(options, options.resized(native, Recorded()), box, case["params"].get("RandomHorizontallyFlip", False)), native


@parametrize(f"{FOLDER}/weak_aug*")
def test_weak_view(record):
    for case in record.info["cases"]:
        seed = case["random_seed"]
        crop, native = weak_crop(record, case)
        assert list(crop.size) == case["params"]["RandomSized"]
        assert torch.equal(crop.image(bgr(record.tensors["image"]))["image"], record.tensors[f"s{seed}.image"].permute(2, 0, 1))
        assert torch.equal(crop.annotation(record.tensors["label"].numpy()), record.tensors[f"s{seed}.label"])
        assert_close(record, f"s{seed}.lpsoft", soft_crop(record.tensors["lpsoft"], crop.place(native)))


def tiny_network(record) -> nn.Module:
    """The network of the record, as images -> logits at stride 8."""
    recipe = record.info["recipe"]
    num_classes = len(record.info["class_distribution"])
    network = nn.Sequential()
    network.add_module("body", nn.Conv2d(3, 256, 8, stride=8))
    network.add_module("head", nn.Conv2d(256, num_classes, 1, bias=False))
    return fill_by_recipe(network, seed=recipe["seed"], mult=recipe["mult"])


class LookingMethod:
    """What :func:`mmseg.apis.preparing.passes.predictions` asks a method for, around the network of a record; images are inputs."""

    class_bias = None

    def __init__(self, network: nn.Module) -> None:
        self.model = self
        self.test_cfg: dict = {}
        self.data_preprocessor = self
        self.segment = network

    def image(self, images: Tensor) -> Tensor:
        return images

    def select_branch(self, logits: Tensor) -> Tensor:
        return logits

    def correct(self, logits: Tensor) -> Tensor:
        return logits


@parametrize(f"{FOLDER}/pseudo_label_export*")
def test_soft_pseudo_labels(record):
    """In steps of 1/255; the most probable classes of all images are the class distribution."""
    info, network = record.info, tiny_network(record)
    options = LabelOptions(soft=True, native=True)
    total = torch.zeros(len(info["class_distribution"]))
    for number, image in recorded_images(record):
        with torch.no_grad():
            soft = small_probabilities(small_looks(LookingMethod(network), image, flip=False))
        assert_close(record, f"soft{number}", soft)
        levels, finite = soft_result(soft, options)
        assert finite and (probabilities(levels.numpy()) - soft.numpy()).max() < 0.51 / 255 + 0.04
        total += soft.argmax(0).flatten().bincount(minlength=len(total))
    assert total.tolist() == info["class_pixel_counts"]
    assert (total / total.sum()).tolist() == pytest.approx(info["class_distribution"])


@parametrize(f"{FOLDER}/pseudo_label_export*")
def test_hard_pseudo_labels(record):
    """The mean over an image and its mirror image.

    The record keeps confidences as float16 and drops those that are *at most* the threshold; we compare float32 with *below*.
    Labels differ only where float16 rounds across the threshold. The logits that the code stores without a mirror image are no
    probabilities, so nothing of ours equals them but their labels.
    """
    network = tiny_network(record)
    for number, image in recorded_images(record):
        with torch.no_grad():
            logits = network(image)
            looks = [resize(look.softmax(1), image.shape[2:], align_corners=True)[0] for look in (logits, network(image.flip(3)))]
        assert torch.equal(hard_result(logits[0].softmax(0), LabelOptions())[0], record.tensors[f"hard{number}.label"])
        mean = (looks[0] + looks[1].flip(2)) / 2
        assert_close(record, f"flip{number}.conf", mean.max(0).values, atol=2**-11)
        assert torch.equal(hard_result(mean, LabelOptions())[0], record.tensors[f"flip{number}.label"])
        for key in (key for key in record.tensors if key.startswith(f"flip{number}.label_thr")):
            threshold = float(key.split("thr")[1])
            label, _ = hard_result(mean, LabelOptions(threshold=threshold))
            sure = (mean.max(0).values - threshold).abs() > 2**-11
            expected = record.tensors[key]
            assert torch.equal(torch.where(label == 255, IGNORED, label)[sure], expected[sure]) and sure.float().mean() > 0.99


def recorded_images(record) -> Iterator[tuple[int, Tensor]]:
    """(number, input [1, 3, h, w])."""
    seed, shape = re.search(r"rnd\((\d+)\+i,([\d,]+)\)", record.info["inputs"]).groups()
    for number in range(sum(key.startswith("soft") for key in record.tensors)):
        values = np.random.RandomState(int(seed) + number).standard_normal(tuple(map(int, shape.split(","))))
        yield number, torch.from_numpy(values.astype(np.float32))


@parametrize(f"{FOLDER}/evaluation*")
def test_evaluation(record):
    """One confusion matrix; a class that is nowhere is left out of the mean."""
    expected = record.info["iou"]
    names = [f"class {index}" for index in range(len(expected))]
    metric = IoUMetric(classes=names)
    metric.dataset_meta = {}
    samples = []
    for index in range(sum(key.startswith("label") for key in record.tensors)):
        label = record.tensors[f"label{index}"]
        samples.append({"label": label.masked_fill(label == IGNORED, 255), "prediction": record.tensors[f"pred{index}"]})
    metric.process(None, samples)
    scores = metric.compute_metrics(metric.results)
    percent = [math.nan if value is None else 100 * value for value in expected]
    assert [scores[f"IoU.{name}"] for name in names] == pytest.approx(percent, abs=1e-4, nan_ok=True)
    for key, name in (("Mean IoU :", "mIoU"), ("Mean Acc :", "mAcc"), ("Overall Acc:", "aAcc")):
        assert scores[name] == pytest.approx(100 * record.info["scores"][key], abs=1e-4), name
