"""The networks of depth distribution under the names of the published code."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmseg.models.backbones import resnet
from mmseg.registry import MODELS
from tests.parity.records import fill_by_recipe

FOLDER = "methods/depth_distribution"
ENCODER = {
    "type": "ResNet",
    "depth": 101,
    "style": "caffe",
    "strides": (1, 2, 1, 1),
    "dilations": (1, 1, 2, 4),
    "pool_ceil_mode": True,
    "norm_cfg": {"type": "BN", "requires_grad": False},
    "init_std": 0.01,
    "out_indices": (3,),
}
HEAD = {"type": "FADAHead", "in_channels": 2048, "align_corners": True}
DEPTH_HEAD = {"type": "DepthDensityHead", "in_channels": 2048}
BRANCHES = {"enc4": "density", "enc5": "depth"}
LAYERS = (1, 2, 3)


def segmentor(classes: int, *, loss: dict | None = None, **encoder) -> dict:
    head = {**HEAD, "num_classes": classes, "loss_decode": {"type": "CrossEntropyLoss", **(loss or {})}}
    return {"type": "EncoderDecoder", "backbone": {**ENCODER, **encoder}, "decode_head": head, "depth_head": dict(DEPTH_HEAD)}


def few_blocks(monkeypatch, blocks: Sequence[int]) -> None:
    """Makes ResNet-101 as shallow as the records do."""
    monkeypatch.setitem(resnet.BLOCKS, 101, tuple(blocks))


class Published(nn.Module):
    """A segmentor of ours under the names of the published code; two layers that it never uses are left out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        for name, part in network.backbone.named_children():
            self.add_module(name, part)
        self.layer6 = network.decode_head
        for name, ours in BRANCHES.items():
            for layer in LAYERS:
                self.add_module(f"{name}_{layer}", network.depth_head.get_submodule(f"{ours}.conv{layer}"))


def our_name(name: str) -> str:
    """The parameter of our segmentor that the published code calls ``name``."""
    part, _, rest = name.partition(".")
    if part == "layer6":
        return f"decode_head.{rest}"
    branch, _, layer = part.partition("_")
    return f"depth_head.{BRANCHES[branch]}.conv{layer}.{rest}" if branch in BRANCHES else f"backbone.{name}"


def fill(network: nn.Module, recipe: dict) -> nn.Module:
    """Gives our segmentor the weights of a recorded network."""
    fill_by_recipe(Published(network), seed=recipe["seed"], mult=recipe["mult"], prefix=recipe["prefix"])
    return network


def build(classes: int, **options) -> nn.Module:
    return MODELS.build(segmentor(classes, **options))
