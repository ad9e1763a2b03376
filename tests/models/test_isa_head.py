"""ISAHead against full attention in which every pixel sees its own group only."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.registry import MODELS
from tests.models.networks import BN
from tests.models.plain_layers import State, assert_every_parameter_learns, layer, levels, masked_attention, pointwise, ready

CHANNELS, SIZES = (2, 2, 2, 10), ((4, 4), (4, 4), (4, 4), (7, 5))
CELL = (4, 2)


def _head(**options) -> dict:
    own = {"in_index": 3, "isa_channels": 3, "down_factor": CELL, "dropout_ratio": 0.0}
    return dict(type="ISAHead", in_channels=10, channels=6, num_classes=4, **{**own, **options})


def _relation(state: State, name: str, feature_map: Tensor, group: Tensor) -> Tensor:
    """Attention of every pixel to the pixels of its own group; ``group``: [H, W] any number per group."""
    query, key = (
        layer(state, f"{name}.{part}.1", layer(state, f"{name}.{part}.0", feature_map)) for part in ("query_project", "key_project")
    )
    seen = group.flatten()[:, None] == group.flatten()[None]
    attended = masked_attention(query, key, pointwise(state, f"{name}.value_project", feature_map), query.shape[1] ** -0.5, seen)
    return layer(state, f"{name}.output_project", attended)


def _expected(state: State, features: list[Tensor]) -> Tensor:
    hidden = layer(state, "in_conv", features[3])
    padded = F.pad(hidden, (0, 1, 0, 1))  # 7x5 -> 8x6: half a pixel more on each side, the odd one at the end
    y, x = torch.meshgrid(torch.arange(8), torch.arange(6), indexing="ij")
    same_place = y % CELL[0] * 100 + x % CELL[1]
    same_cell = y // CELL[0] * 100 + x // CELL[1]
    attended = _relation(state, "local_relation", _relation(state, "global_relation", padded, same_place), same_cell)
    merged = layer(state, "out_conv", torch.cat([attended[:, :, :7, :5], hidden], 1))
    return pointwise(state, "conv_seg", merged)


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_equals_the_paper(norm_cfg: dict | None) -> None:
    head, state = ready(MODELS.build(_head(norm_cfg=norm_cfg)))
    features = levels(CHANNELS, SIZES)
    torch.testing.assert_close(head(features), _expected(state, features))


def test_padding_is_even_on_both_sides() -> None:
    """A 6x2 map in cells of 4x2 gets one row above and one below: rows 0-2 and 3-5 share a cell."""
    head, _ = ready(MODELS.build(_head()))
    feature_map = levels((10,), ((6, 2),))[0].requires_grad_()
    head.local_relation, calls = torch.nn.Identity(), []
    head.local_relation.register_forward_hook(lambda module, inputs, output: calls.append(output))
    head.global_relation = torch.nn.Identity()
    head([None, None, None, feature_map])
    (cells,) = calls
    hidden = head.in_conv(feature_map)
    assert cells.shape == (4, 6, 4, 2)
    torch.testing.assert_close(cells[0], F.pad(hidden[0, :, :3], (0, 0, 1, 0)))
    torch.testing.assert_close(cells[1], F.pad(hidden[0, :, 3:], (0, 0, 0, 1)))


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_every_parameter_learns(norm_cfg: dict | None) -> None:
    head = ready(MODELS.build(_head(norm_cfg=norm_cfg)))[0].train()
    assert_every_parameter_learns(head, (head(levels(CHANNELS, SIZES)) ** 2).mean())


def test_logits_have_the_size_of_the_level() -> None:
    head = MODELS.build(_head(in_index=-1))
    assert head.output_stride == 8
    assert head([level.float() for level in levels(CHANNELS, SIZES)]).shape == (2, 4, 7, 5)
