"""DLV2Head in closed form; its records, and those of HRDA around it, are in tests/parity."""

from __future__ import annotations

import pytest
import torch
from mmengine.config import ConfigDict

from mmseg.registry import MODELS
from mmseg.structures import Box
from tests.models.networks import deeplab_head

INIT = {"type": "Normal", "std": 0.01, "override": {"name": "aspp_modules"}}


def test_every_branch_looks_at_its_own_distance() -> None:
    head = MODELS.build(deeplab_head(in_channels=1, num_classes=1, dilations=(1, 3)))
    for branch, factor in zip(head.aspp_modules, (1.0, 10.0), strict=True):
        torch.nn.init.constant_(branch.conv.weight, factor)
        torch.nn.init.constant_(branch.conv.bias, factor / 4)
    point = torch.zeros(1, 1, 9, 9)
    point[0, 0, 4, 4] = 1
    expected = torch.full((9, 9), 11 / 4)
    expected[3:6, 3:6] += 1
    expected[1:8:3, 1:8:3] += 10
    assert torch.equal(head([None, None, None, point])[0, 0], expected)


@pytest.mark.parametrize("init_cfg", [None, INIT, {**INIT, "std": 0.5}, ConfigDict(INIT)], ids=str)
def test_starting_weights(init_cfg: dict | None) -> None:
    torch.manual_seed(0)
    head = MODELS.build(deeplab_head(init_cfg=init_cfg))
    head.init_weights()
    for branch in head.aspp_modules:
        assert branch.conv.weight.std().item() == pytest.approx((init_cfg or INIT)["std"], rel=0.1)
        assert not branch.conv.bias.any()


def test_training_drops_nothing() -> None:
    head, level = MODELS.build(deeplab_head()).train(), torch.randn(2, 32, 5, 4)
    assert torch.equal(head([level] * 4), head([level] * 4))


def test_every_parameter_learns() -> None:
    head = MODELS.build(deeplab_head())
    head.losses(head([torch.randn(2, 32, 5, 4)] * 4), torch.randint(0, 5, (2, 40, 32)))["loss_seg"].backward()
    assert all(parameter.grad.any() for parameter in head.parameters())


def test_hrda_trains_where_the_detail_crop_lies_between_context_positions() -> None:
    """With crop_coord_divisible=8 as published: positions of the context are 16 pixels apart."""
    head = MODELS.build({**deeplab_head(), "type": "HRDAHead", "single_scale_head": "DLV2Head"})
    context, detail = ([torch.randn(1, 32, side, side)] * 4 for side in (8, 4))
    fusion = head(context, detail, [Box(3, 7, 5, 9)], (16, 16))
    assert fusion.fused.shape == (1, 5, 16, 16)
    assert (fusion.scaled_context != fusion.context)[0, 0].nonzero().tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]
    fusion.fused.square().mean().backward()
    assert all(parameter.grad.any() for parameter in head.parameters())


def test_published_size() -> None:
    with torch.device("meta"):
        head = MODELS.build({"type": "DLV2Head", "in_channels": 2048, "in_index": 3, "num_classes": 19})
    assert [branch.conv.dilation[0] for branch in head.aspp_modules] == [6, 12, 18, 24]
    assert head.output_stride == 8
