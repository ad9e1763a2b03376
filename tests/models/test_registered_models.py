"""Every registered part of a network is built, run and back-propagated: finite outputs, a gradient for every parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import mmseg.models.registered
from mmseg.registry import MODELS
from mmseg.structures import Box
from tests.models.networks import BN, daformer_head, hrda, hrda_head, plain, tiny_encoder

PARTS = ("backbones", "decode_heads", "losses", "necks", "segmentors")
BACKBONES = {"MixVisionTransformer": tiny_encoder(), **{f"mit_b{size}": {} for size in range(6)}}
FUSIONS = {
    "aspp": {"type": "aspp", "sep": False, "dilations": (1, 6), "norm_cfg": BN, "act_cfg": {"type": "ReLU"}},
    "sepaspp": {"type": "aspp", "sep": True, "dilations": (1, 6), "norm_cfg": BN, "act_cfg": {"type": "ReLU"}},
    "sepaspp_pool": {"type": "aspp", "sep": True, "pool": True, "dilations": (1, 6), "norm_cfg": BN, "act_cfg": {"type": "ReLU"}},
    "conv1": {"type": "conv", "kernel_size": 1, "norm_cfg": BN, "act_cfg": {"type": "ReLU"}},
    "isa": {"type": "isa", "isa_channels": 4, "down_factor": (4, 4), "norm_cfg": BN, "act_cfg": {"type": "ReLU"}},
}
SEGMENTORS = {"EncoderDecoder": plain(), "HRDAEncoderDecoder": hrda(hr_loss_weight=0.1, lr_loss_weight=0.1)}
# Tested below by a function of their own.
OTHERS = {"DAFormerHead", "HRDAHead", "CrossEntropyLoss", "SegFormerAdapter"}
# Tested by a file of their own, tests/models/test_*_head.py, test_resnet.py and test_timm_backbone.py.
ELSEWHERE = {
    "DAHead",
    "DLV2Head",
    "DepthDensityHead",
    "DepthwiseSeparableASPPHead",
    "FCNHead",
    "ISAHead",
    "LightHead",
    "SegFormerHead",
    "TopDownHead",
    "UPerHead",
}
ELSEWHERE |= {"ResNeSt", "ResNeXt", "ResNet", "ResNetV1c", "TimmBackbone"}
ELSEWHERE |= {"DLV3PlusHead", "FADAHead", "SEASPPHead", "VGG"}  # in test_fada_networks.py
# Parameters that get no gradient on purpose, by registered name (the reason beside each).
WITHOUT_GRADIENT: dict[str, set[str]] = {}


def _check_gradients(name: str, module: nn.Module, outputs: Sequence[Tensor]) -> None:
    assert all(torch.isfinite(output).all() for output in outputs)
    sum(output.square().mean() for output in outputs).backward()
    without = {key for key, parameter in module.named_parameters() if parameter.grad is None}
    assert without == WITHOUT_GRADIENT.get(name, set())
    assert all(torch.isfinite(parameter.grad).all() for parameter in module.parameters() if parameter.grad is not None)


def _levels(batch: int = 2) -> list[Tensor]:
    sizes = zip((8, 16, 24, 32), (16, 8, 4, 2), strict=True)
    return [torch.randn(batch, channels, side, side, requires_grad=True) for channels, side in sizes]


def test_every_registered_part_is_tested_here() -> None:
    prefixes = tuple(f"{mmseg.models.__name__}.{part}" for part in PARTS)
    registered = {name for name, component in MODELS.module_dict.items() if component.__module__.startswith(prefixes)}
    assert registered == {*BACKBONES, *SEGMENTORS, *OTHERS, *ELSEWHERE}


@pytest.mark.parametrize("name", BACKBONES)
def test_backbone(name: str) -> None:
    backbone = MODELS.build(dict(type=name, drop_path_rate=0.0, **BACKBONES[name]))
    backbone.init_weights()
    features = backbone(torch.randn(1, 3, 40, 36))  # no multiple of the strides
    assert [tuple(feature.shape[2:]) for feature in features] == [(10, 9), (5, 5), (3, 3), (2, 2)]
    _check_gradients(name, backbone, features)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_daformer_head(fusion: str) -> None:
    head = MODELS.build(dict(type="DAFormerHead", **daformer_head(FUSIONS[fusion])))
    head.init_weights()
    logits = head(_levels())
    assert logits.shape == (2, 5, 16, 16)
    _check_gradients("DAFormerHead", head, [logits])


def test_bottleneck_decoder_with_its_neck() -> None:
    neck = MODELS.build({"type": "SegFormerAdapter", "scales": [8]})
    options = daformer_head(FUSIONS["conv1"])
    options["decoder_params"]["embed_neck_cfg"] = {**FUSIONS["sepaspp"], "type": "rawconv_and_aspp", "kernel_size": 1}
    head = MODELS.build(dict(type="DAFormerHead", **options))
    levels = _levels()
    enlarged = neck(levels)
    assert [level.shape[2] for level in enlarged] == [16, 8, 4, 16]
    assert enlarged[0] is levels[0] and levels[3].shape[2] == 2  # nothing is replaced in place
    _check_gradients("DAFormerHead", head, [head(enlarged)])


@pytest.mark.parametrize("options", [{}, {"attention_classwise": False}, {"fixed_attention": 0.5}], ids=str)
def test_hrda_head(options: dict) -> None:
    head = MODELS.build(hrda_head(**options))
    head.init_weights()
    box = Box(8, 24, 4, 20)
    fusion = head(_levels(), _levels(), [box], (32, 32))
    assert fusion.fused.shape == (2, 5, 32, 32)
    assert fusion.attention.min() >= 0 and fusion.attention.max() <= 1
    _check_gradients("HRDAHead", head, [fusion.fused])


def test_cross_entropy_loss() -> None:
    logits = torch.randn(2, 5, 4, 4, requires_grad=True)
    loss = MODELS.build({"type": "CrossEntropyLoss", "class_weight": [1.0] * 5})(logits, torch.randint(0, 5, (2, 4, 4)))
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", SEGMENTORS)
def test_segmentor(name: str) -> None:
    model = MODELS.build(SEGMENTORS[name])
    model.init_weights()
    output = model(torch.randn(2, 3, 64, 64), np.random.default_rng(0))
    losses = model.loss(output, torch.randint(0, 5, (2, 64, 64)), torch.rand(2, 64, 64))
    _check_gradients(name, model, [value for key, value in losses.items() if "loss" in key])
    with torch.no_grad():
        logits = model.eval().inference(torch.randn(1, 3, 64, 96))
    assert logits.shape == (1, model.num_classes, 64, 96) and torch.isfinite(logits).all()
