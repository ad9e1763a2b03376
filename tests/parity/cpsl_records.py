"""The stand-in network of the records of CPSL's training steps, and how their inputs and weights are made."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead
from tests.parity.records import Record, fill_by_recipe
from tests.parity.test_label_shift import rnd

FOLDER = "methods/cpsl"
IGNORED = 250
NAMES = {"body.weight": "backbone.body.weight", "body.bias": "backbone.body.bias", "head.weight": "decode_head.head.weight"}
"""Entries of the recorded network -> entries of our segmentor."""
CHANNELS = 256


class Body(BaseModule):
    """The encoder: one convolution, 256 channels at stride 8."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, CHANNELS, 8, stride=8)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return (self.body(image),)


class Head(DecodeHead):
    """The decoder: a 1x1 classifier of the encoder's map."""

    output_stride = 8
    classifiers = ("head",)

    def __init__(self, *, num_classes: int) -> None:
        super().__init__(
            in_channels=CHANNELS, channels=None, num_classes=num_classes, align_corners=True, loss_decode={"avg_non_ignore": True}
        )
        self.head = nn.Conv2d(CHANNELS, num_classes, 1, bias=False)

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        return self.select(features)[0]

    def classify(self, feature_map: Tensor) -> Tensor:
        return self.head(feature_map)


def segmentor(num_classes: int) -> dict:
    return {"type": "EncoderDecoder", "backbone": {"type": Body}, "decode_head": {"type": Head, "num_classes": num_classes}}


def fill(record: Record, network: nn.Module, *, seed: int) -> nn.Module:
    """Gives our segmentor the weights of a recorded network."""
    recorded = nn.Module()
    recorded.body, recorded.head = nn.Conv2d(3, CHANNELS, 8), nn.Conv2d(CHANNELS, record.info["num_classes"], 1, bias=False)
    fill_by_recipe(recorded, seed=seed, mult=[entry[:2] for entry in record.info["recipe"]["mult"]])
    network.load_state_dict({NAMES[key]: value.to(torch.get_default_dtype()) for key, value in recorded.state_dict().items()})
    return network


def images(seed: int, size: Sequence[int] = (2, 3, 32, 48)) -> Tensor:
    return rnd(seed, *size).to(torch.get_default_dtype())


def labels(record: Record, key: str) -> Tensor:
    """A stored label map int64, with 255 where the record ignores."""
    label = record.tensors[key].long()
    return torch.where(label == IGNORED, 255, label)


def thinned(value: Tensor, like: Tensor) -> Tensor:
    """As the records thin out what is large: every n-th entry along each dimension, of rows where they have two."""
    if value.ndim != like.ndim:
        value = value.reshape(len(value), -1)
    return value[tuple(slice(None, None, -(-own // other)) for own, other in zip(value.shape, like.shape, strict=True))]
