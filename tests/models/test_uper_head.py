"""UPerHead against UPerNet's definition, level by level."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mmseg.registry import MODELS
from tests.models.networks import BN
from tests.models.plain_layers import State, assert_every_parameter_learns, enlarge, layer, levels, pointwise, ready

CHANNELS, SIZES = (6, 7, 8, 10), ((13, 18), (7, 9), (4, 5), (2, 3))
POOL_SCALES = (1, 2, 3, 6)  # 6 regions on 2 or 3 pixels overlap


def _head(**options) -> dict:
    own = {"in_channels": CHANNELS, "in_index": (0, 1, 2, 3), "pool_scales": POOL_SCALES, "dropout_ratio": 0.0}
    return dict(type="UPerHead", channels=5, num_classes=4, **{**own, **options})


def _regions(feature_map: Tensor, count: int) -> Tensor:
    """Means of count x count regions: region i of n pixels begins at floor(i*n/count) and ends at ceil((i+1)*n/count)."""
    height, width = feature_map.shape[2:]
    bounds = [[(i * n // count, math.ceil((i + 1) * n / count)) for i in range(count)] for n in (height, width)]
    rows = [[feature_map[:, :, y1:y2, x1:x2].mean((2, 3)) for x1, x2 in bounds[1]] for y1, y2 in bounds[0]]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _expected(state: State, features: list[Tensor]) -> Tensor:
    size = features[3].shape[2:]
    pooled = [enlarge(layer(state, f"psp_modules.{i}.1", _regions(features[3], s)), size) for i, s in enumerate(POOL_SCALES)]
    top = layer(state, "bottleneck", torch.cat([features[3], *pooled], 1))
    third = layer(state, "lateral_convs.2", features[2]) + enlarge(top, SIZES[2])
    second = layer(state, "lateral_convs.1", features[1]) + enlarge(third, SIZES[1])
    first = layer(state, "lateral_convs.0", features[0]) + enlarge(second, SIZES[0])
    pyramid = [*(layer(state, f"fpn_convs.{i}", level) for i, level in enumerate((first, second, third))), top]
    merged = torch.cat([enlarge(level, SIZES[0]) for level in pyramid], 1)
    return pointwise(state, "conv_seg", layer(state, "fpn_bottleneck", merged))


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_equals_the_paper(norm_cfg: dict | None) -> None:
    head, state = ready(MODELS.build(_head(norm_cfg=norm_cfg)))
    features = levels(CHANNELS, SIZES)
    torch.testing.assert_close(head(features), _expected(state, features))


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_every_parameter_learns(norm_cfg: dict | None) -> None:
    head = ready(MODELS.build(_head(norm_cfg=norm_cfg)))[0].train()
    assert_every_parameter_learns(head, head(levels(CHANNELS, SIZES)).square().mean())


def test_inputs_stay_as_they_are() -> None:
    head, _ = ready(MODELS.build(_head()))
    features = levels(CHANNELS, SIZES)
    copies = [level.clone() for level in features]
    assert head.output_stride == 4 and head(features).shape == (2, 4, 13, 18)
    assert all(torch.equal(level, copy) for level, copy in zip(features, copies, strict=True))
