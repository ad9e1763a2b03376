"""DAHead against DANet's equations, and its three losses in a training pass."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmseg.registry import MODELS
from tests.models.networks import BN, plain
from tests.models.plain_layers import State, assert_every_parameter_learns, layer, levels, masked_attention, pointwise, ready

CHANNELS, SIZES = (2, 2, 2, 10), ((4, 4), (4, 4), (4, 4), (5, 3))
BRANCHES = ("pam_cam", "pam", "cam")


def _head(**options) -> dict:
    own = {"in_channels": 10, "in_index": 3, "channels": 6, "num_classes": 5, "pam_channels": 3, "dropout_ratio": 0.0}
    return dict(type="DAHead", **{**own, **options})


def _segmentor(**options) -> dict:
    return {**plain(), "decode_head": _head(in_channels=32, norm_cfg=BN, **options)}


def _pixels(state: State, feature_map: Tensor) -> Tensor:
    """Equations 1 and 2: products are not scaled."""
    query, key, value = (pointwise(state, f"pam.{part}_project", feature_map) for part in ("query", "key", "value"))
    return state["pam.gamma.scale"] * masked_attention(query, key, value, scale=1) + feature_map


def _channels(state: State, feature_map: Tensor) -> Tensor:
    """Equations 3 and 4, one channel after the other, with the largest product minus the product."""
    result = feature_map.clone()
    for image, target in zip(feature_map, result, strict=True):
        for j, channel in enumerate(image):
            products = torch.stack([(channel * other).sum() for other in image])
            exponentials = (products.max() - products).exp()
            target[j] += (
                state["cam.gamma.scale"] * sum(share * other for share, other in zip(exponentials, image, strict=True)) / exponentials.sum()
            )
    return result


def _expected(state: State, features: list[Tensor]) -> dict[str, Tensor]:
    pixels = layer(state, "pam_out_conv", _pixels(state, layer(state, "pam_in_conv", features[3])))
    channels = layer(state, "cam_out_conv", _channels(state, layer(state, "cam_in_conv", features[3])))
    maps = {"conv_seg": pixels + channels, "pam_conv_seg": pixels, "cam_conv_seg": channels}
    return dict(zip(BRANCHES, (pointwise(state, name, value) for name, value in maps.items()), strict=True))


@pytest.mark.parametrize("norm_cfg", [BN, None], ids=["bn", "bias"])
def test_equals_the_paper(norm_cfg: dict | None) -> None:
    head, state = ready(MODELS.build(_head(norm_cfg=norm_cfg)))
    features = levels(CHANNELS, SIZES)
    expected = _expected(state, features)
    logits, _, branches = head.decode(features)
    torch.testing.assert_close(branches, expected)
    assert logits is branches["pam_cam"]
    torch.testing.assert_close(head(features), expected["pam_cam"])


def test_attention_is_off_in_a_new_head() -> None:
    head = MODELS.build(_head())
    head.init_weights()
    feature_map = torch.randn(1, 6, 5, 3)
    assert torch.equal(head.pam(feature_map), feature_map) and torch.equal(head.cam(feature_map), feature_map)


def test_every_branch_is_trained_with_equal_weight() -> None:
    model = MODELS.build(_segmentor()).eval()
    model.init_weights()
    image, label, weight = torch.randn(1, 3, 64, 64), torch.randint(0, 5, (1, 64, 64)), torch.rand(1, 64, 64)
    output = model(image)
    losses = model.loss(output, label, weight)
    assert set(losses) == {f"decode.{name}.{key}" for name in BRANCHES for key in ("loss_seg", "acc_seg")}
    for name in BRANCHES:
        alone = model.decode_head.losses(output.branches[name], label, weight)
        assert losses[f"decode.{name}.loss_seg"] == alone["loss_seg"] and losses[f"decode.{name}.acc_seg"] == alone["acc_seg"]
    assert torch.equal(output.branches["pam_cam"], output.logits)
    assert losses["decode.pam.loss_seg"] != losses["decode.cam.loss_seg"]


def test_every_parameter_learns() -> None:
    model = MODELS.build(_segmentor())
    head = ready(model.decode_head)[0].float().train()
    output = model(torch.randn(2, 3, 64, 64))
    losses = model.loss(output, torch.randint(0, 5, (2, 64, 64)))
    assert_every_parameter_learns(head, sum(value for key, value in losses.items() if "loss" in key))


def test_other_decoders_train_their_prediction_alone() -> None:
    model = MODELS.build(plain())
    output = model(torch.randn(2, 3, 64, 64))
    assert output.branches == {}
    assert set(model.loss(output, torch.zeros(2, 64, 64, dtype=torch.long))) == {"decode.loss_seg", "decode.acc_seg"}


def test_logits_have_the_size_of_the_level() -> None:
    head = MODELS.build(_head(in_index=-1))
    assert head.output_stride == 8
    assert head([level.float() for level in levels(CHANNELS, SIZES)]).shape == (2, 5, 5, 3)
