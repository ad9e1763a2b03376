"""Crops, strong views, colour transfer and pseudo-labels of CPSL against the records of the published code."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from mmseg.datasets.sampling.crop_options import CropOptions
from mmseg.datasets.sampling.target_crop import TargetCrop
from mmseg.datasets.transforms import LabStatistics, draw_strong, lab_transfer, rand_augment, resize_bilinear, strong_view, to_lab
from mmseg.datasets.transforms.pillow import Jitter
from mmseg.models.uda.augmentation.place import crop_of_whole
from mmseg.models.uda.augmentation.replay import replay_mask, replay_strong
from mmseg.structures import Box, CropPlace, StrongGeometry, soft_crop
from tests.parity.records import assert_close, parametrize

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
        img_scale=(base, base), crop_size=(height, width), ratio_range=(0.5, 1.5), keep_ratio="width", interpolation="pillow_bilinear"
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
