"""FCNHead against its definition, layer by layer, and the names of its weights in mmsegmentation's checkpoints."""

from __future__ import annotations

import pytest
import torch

from mmseg.registry import MODELS
from tests.models.networks import BN
from tests.models.plain_layers import State, assert_every_parameter_learns, layer, levels, pointwise, ready


def _head(**options) -> dict:
    return dict(type="FCNHead", **{"in_channels": 6, "in_index": 1, "channels": 4, "num_classes": 3, "norm_cfg": BN, **options})


def _features() -> list[torch.Tensor]:
    return levels((2, 6), ((4, 4), (7, 5)))


def _expected(state: State, level: torch.Tensor, *, num_convs: int, dilation: int, concat_input: bool) -> torch.Tensor:
    hidden = level
    for index in range(num_convs):
        hidden = layer(state, f"convs.{index}", hidden, dilation)
    if concat_input:
        hidden = layer(state, "conv_cat", torch.cat([level, hidden], 1))
    return pointwise(state, "conv_seg", hidden)


@pytest.mark.parametrize("options", [{"num_convs": 1}, {"concat_input": False}, {"kernel_size": 1}, {"dilation": 2}], ids=str)
def test_equals_its_definition(options: dict) -> None:
    head, state = ready(MODELS.build(_head(**options)))
    features = _features()
    shape = {"num_convs": 2, "dilation": 1, "concat_input": True} | {k: v for k, v in options.items() if k != "kernel_size"}
    torch.testing.assert_close(head(features), _expected(state, features[1], **shape))


def test_without_convolutions_the_classifier_sees_the_level() -> None:
    head, state = ready(MODELS.build(_head(num_convs=0, channels=6, concat_input=False)))
    features = _features()
    torch.testing.assert_close(head(features), pointwise(state, "conv_seg", features[1]))


def test_keys_of_released_checkpoints() -> None:
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    convolution = ("conv.weight", *(f"bn.{key}" for key in norm))
    layers = [f"{name}.{key}" for name in ("convs.0", "conv_cat") for key in convolution]
    assert list(MODELS.build(_head(num_convs=1)).state_dict()) == ["conv_seg.weight", "conv_seg.bias", *layers]


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_every_parameter_learns(norm_cfg: dict | None) -> None:
    head = ready(MODELS.build(_head(norm_cfg=norm_cfg, dropout_ratio=0.0)))[0].train()
    assert_every_parameter_learns(head, head(_features()).square().mean())
