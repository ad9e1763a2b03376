"""Crops, strong views, colour transfer and pseudo-labels of CPSL against the records of the published code."""

from __future__ import annotations

import torch

from mmseg.models.uda.augmentation.place import crop_of_whole
from mmseg.models.uda.augmentation.replay import replay_mask, replay_strong
from mmseg.structures import Box, CropPlace, StrongGeometry
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
