"""DepthwiseSeparableASPPHead against DeepLabV3+'s definition, layer by layer."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmseg.registry import MODELS
from tests.models.networks import BN
from tests.models.plain_layers import State, assert_every_parameter_learns, enlarge, layer, levels, pointwise, ready, separable_layer

CHANNELS, SIZES = (6, 7, 8, 10), ((13, 10), (7, 5), (4, 3), (4, 3))
DILATIONS = (1, 2, 13)  # the last one is a case of its own on the CPU


def _head(**options) -> dict:
    own = {"dilations": DILATIONS, "c1_in_channels": 6, "c1_channels": 3, "dropout_ratio": 0.0}
    return dict(type="DepthwiseSeparableASPPHead", in_channels=10, in_index=3, channels=5, num_classes=4, **{**own, **options})


def _expected(state: State, features: list[Tensor]) -> Tensor:
    last, size = features[3], features[3].shape[2:]
    branches = [layer(state, "image_pool.1", last.mean((2, 3), keepdim=True)).repeat(1, 1, *size)]
    branches += [layer(state, "aspp_modules.0", last)]
    branches += [separable_layer(state, f"aspp_modules.{i}", last, dilation) for i, dilation in enumerate(DILATIONS) if i]
    context = layer(state, "bottleneck", torch.cat(branches, 1))
    merged = torch.cat([enlarge(context, features[0].shape[2:]), layer(state, "c1_bottleneck", features[0])], 1)
    return pointwise(state, "conv_seg", separable_layer(state, "sep_bottleneck.1", separable_layer(state, "sep_bottleneck.0", merged)))


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_equals_the_paper(norm_cfg: dict | None) -> None:
    head, state = ready(MODELS.build(_head(norm_cfg=norm_cfg)))
    features = levels(CHANNELS, SIZES)
    torch.testing.assert_close(head(features), _expected(state, features))


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_every_parameter_learns(norm_cfg: dict | None) -> None:
    head = ready(MODELS.build(_head(norm_cfg=norm_cfg)))[0].train()
    assert_every_parameter_learns(head, head(levels(CHANNELS, SIZES)).square().mean())


def test_after_the_adapter_of_a_transformer_encoder() -> None:
    features = levels(CHANNELS, ((16, 16), (8, 8), (4, 4), (2, 2)))
    enlarged = MODELS.build({"type": "SegFormerAdapter", "scales": (4,)})(features)
    head, state = ready(MODELS.build(_head(norm_cfg=None)))
    logits = head(enlarged)
    assert logits.shape == (2, 4, 16, 16)
    torch.testing.assert_close(logits, _expected(state, [*features[:3], enlarge(features[3], (8, 8))]))


def test_logits_have_the_size_of_the_first_level() -> None:
    head = MODELS.build(_head())
    assert head.output_stride == 4
    assert head([level.float() for level in levels(CHANNELS, SIZES)]).shape == (2, 4, 13, 10)
