"""ResNetV1c, ResNeXt and ResNeSt against other libraries, closed forms and the published sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from mmseg.models.backbones.residual_blocks import Bottleneck
from mmseg.models.backbones.resnest import SplitAttentionConv, split_attention
from mmseg.models.weights.layouts import encoder_weights
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.networks import BN
from tests.parity.records import fill_by_recipe

SMALL = {"base_channels": 8, "stem_channels": 8}
KINDS = {
    "ResNet": {"depth": 18},
    "ResNetV1c": {"depth": 18},
    "ResNeXt": {"depth": 50, "groups": 2},
    "ResNeSt": {"depth": 50},
}
DILATED = {"strides": (1, 2, 1, 1), "dilations": (1, 1, 2, 4), "contract_dilation": True}


def small(kind: str, **options) -> nn.Module:
    return MODELS.build({"type": kind, **SMALL, **KINDS[kind], **options})


# Whole networks


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("geometry", "sides"), [({}, (11, 6, 3, 2)), (DILATED, (11, 6, 6, 6))], ids=["stride 32", "stride 8"])
def test_features_and_gradients(kind: str, geometry: dict, sides: tuple[int, ...]) -> None:
    backbone = small(kind, **geometry)
    backbone.init_weights()
    levels = backbone(torch.randn(2, 3, 41, 41))
    widths = [8, 16, 32, 64] if KINDS[kind]["depth"] == 18 else [32, 64, 128, 256]
    assert [tuple(level.shape) for level in levels] == [(2, width, side, side) for width, side in zip(widths, sides, strict=True)]
    sum(level.square().mean() for level in levels).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in backbone.parameters())


def _stages(model: nn.Module, image: Tensor) -> list[Tensor]:
    """The four stages of a network of timm or torchvision."""
    feature_map, levels = model.maxpool(F.relu(model.bn1(model.conv1(image)))), []
    for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
        feature_map = stage(feature_map)
        levels.append(feature_map)
    return levels


ORACLES: dict[str, tuple[dict, Callable[[], nn.Module]]] = {
    "ResNetV1c of timm": ({"type": "ResNetV1c", "depth": 50}, lambda: timm.create_model("resnet50c")),
    "ResNeXt of torchvision": ({"type": "ResNeXt", "depth": 50, "groups": 32}, torchvision.models.resnext50_32x4d),
    "ResNeSt of timm": ({"type": "ResNeSt", "depth": 50}, lambda: timm.create_model("resnest50d")),
    "ResNet of torchvision": ({"type": "ResNet", "depth": 34}, torchvision.models.resnet34),
}


@pytest.mark.parametrize("name", ORACLES)
def test_features_equal_those_of_another_library(name: str) -> None:
    options, make = ORACLES[name]
    theirs = fill_by_recipe(make(), seed=1).eval()
    ours = MODELS.build(options).eval()
    ours.load_state_dict(encoder_weights(theirs.state_dict())[0])
    image = torch.randn(1, 3, 50, 66, generator=torch.Generator().manual_seed(0))  # maps of 13x17, 7x9, 4x5 and 2x3
    with torch.no_grad():
        for actual, expected in zip(ours(image), _stages(theirs, image), strict=True):
            torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)


def test_dilated_network_computes_what_the_strided_one_skips() -> None:
    """At equal weights every fourth pixel at stride 8 is that at stride 32; this needs the contracted dilations."""
    strided, dilated = small("ResNetV1c", depth=50).eval(), small("ResNetV1c", depth=50, **DILATED).eval()
    dilated.load_state_dict(fill_by_recipe(strided, seed=2).state_dict())
    image = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(dilated(image)[3][:, :, ::4, ::4], strided(image)[3], rtol=1e-4, atol=1e-5)


def test_first_block_of_a_stage_has_half_of_its_dilation() -> None:
    backbone = small("ResNetV1c", depth=50, **DILATED)
    dilations = [[block.conv2.dilation[0] for block in getattr(backbone, f"layer{stage}")] for stage in (2, 3, 4)]
    assert dilations == [[1] * 4, [1] + [2] * 5, [2] + [4] * 2]


def test_frozen_statistics() -> None:
    """norm_eval keeps running statistics, and the affine parameters learn."""
    for norm_eval in (True, False):
        backbone = small("ResNetV1c", norm_eval=norm_eval).train()
        before = backbone.stem[1].running_mean.clone()
        backbone(torch.randn(2, 3, 32, 32))[0].sum().backward()
        assert torch.equal(before, backbone.stem[1].running_mean) is norm_eval
        assert backbone.stem[1].weight.grad is not None
    assert not small("ResNetV1c", norm_eval=True).eval().training


def test_new_network_is_a_chain_of_shortcuts() -> None:
    """Residual branches start at zero, so a block without a shortcut layer passes its (positive) input on."""
    backbone = small("ResNeSt")
    torch.manual_seed(0)
    backbone.init_weights()
    feature_map = torch.rand(2, 32, 8, 8)
    assert torch.equal(backbone.layer1[1](feature_map), feature_map)
    wide = MODELS.build({"type": "ResNetV1c", "depth": 18})
    wide.init_weights()
    assert wide.layer4[1].conv1.weight.std().item() == pytest.approx((2 / (9 * 512)) ** 0.5, rel=0.01)


# Parts


def test_grouped_convolution_is_one_convolution_per_group() -> None:
    block = Bottleneck(in_channels=16, channels=4, stride=1, dilation=2, shortcut=None, norm_cfg=BN, groups=4, group_width=0.5)
    hidden = torch.randn(1, 8, 9, 9)
    parts = [F.conv2d(hidden[:, 2 * g : 2 * g + 2], block.conv2.weight[2 * g : 2 * g + 2], padding=2, dilation=2) for g in range(4)]
    torch.testing.assert_close(block.conv2(hidden), torch.cat(parts, 1))


def test_split_attention_is_a_weighted_mean() -> None:
    splits = torch.randn(2, 3, 4, 5, 6)
    torch.testing.assert_close(split_attention(splits, torch.zeros(2, 3, 4)), splits.mean(1))
    chosen = torch.tensor([0.0, 100.0, 0.0])[None, :, None].expand(2, 3, 4)
    torch.testing.assert_close(split_attention(splits, chosen), splits[:, 1])


def test_split_attention_convolution_in_numpy() -> None:
    """Section 3.1 of the paper for one 1x1 map: the convolution of each half, then eq. 1 and 2 channel by channel."""
    layer = fill_by_recipe(SplitAttentionConv(channels=4, stride=1, dilation=1, radix=2, reduction_factor=4, norm_cfg=BN), seed=3).eval()
    weights = {key: value.numpy().astype(np.float64) for key, value in layer.state_dict().items()}
    image = np.random.default_rng(0).standard_normal(4)

    def normalised(name: str, values: np.ndarray) -> np.ndarray:
        mean, var, gain, bias = (weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return np.maximum((values - mean) / np.sqrt(var + 1e-5) * gain + bias, 0)

    centre = weights["conv.weight"][:, :, 1, 1]  # a map of one pixel meets only the middle of the kernel
    convolved = np.concatenate([centre[:4] @ image[:2], centre[4:] @ image[2:]])
    splits = normalised("bn0", convolved).reshape(2, 4)
    hidden = normalised("bn1", weights["fc1.weight"][:, :, 0, 0] @ splits.sum(0) + weights["fc1.bias"])
    scores = np.exp(weights["fc2.weight"][:, :, 0, 0] @ hidden + weights["fc2.bias"]).reshape(2, 4)
    expected = (scores / scores.sum(0) * splits).sum(0)
    with torch.no_grad():
        actual = layer(torch.from_numpy(image.astype(np.float32))[None, :, None, None])[0, :, 0, 0]
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-4, atol=1e-6)


# Mistakes


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"type": "ResNetV1c", "depth": 51}, r"ResNetV1c has no depth=51\. Use one of 18, 34, 50, 101, 152, 200\."),
        ({"type": "ResNeSt", "depth": 18}, r"ResNeSt has no depth=18\. Use a depth of 50"),
        ({"type": "ResNeXt", "depth": 18, "groups": 32}, r"ResNeXt-18 has no grouped convolutions, but groups=32\. Use groups=1"),
        ({"type": "ResNeSt", "depth": 50, "style": "caffe"}, r"no style='caffe'\. Use style='pytorch'"),
        ({"type": "ResNetV1c", "depth": 18, "strides": (1, 2)}, r"has 4 stages, but strides=\(1, 2\)\. Give one value per stage\."),
        ({"type": "ResNetV1c", "depth": 18, "out_indices": (4,)}, r"out_indices=\(4,\)\. Use indices from 0 to 3\."),
        ({"type": "ResNetV1c", "depth": 18, "dilation": 2}, r"unexpected option 'dilation'\. Did you mean 'dilations'\?"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:20],
)
def test_options_that_cannot_be(options: dict, text: str) -> None:
    with pytest.raises(UserError, match=text):
        MODELS.build(options)


def test_weights_may_lack_the_normalisation_after_the_last_stage(tmp_path) -> None:
    source, network = small("ResNet", depth=50), small("ResNet", depth=50, last_norm=True)
    source.init_weights()
    torch.save(source.state_dict(), tmp_path / "a.pth")
    network.pretrained = str(tmp_path / "a.pth")
    network.init_weights()
    image = torch.randn(2, 3, 33, 33)
    last = source.eval()(image)[-1]
    assert torch.allclose(network.eval()(image)[-1], network.bn_pretrain(last))
    assert torch.equal(network(image)[0], source(image)[0])


@pytest.mark.parametrize(("style", "strides"), [("pytorch", (1, 2)), ("caffe", (2, 1))])
def test_where_a_bottleneck_has_its_stride(style: str, strides: tuple[int, int]) -> None:
    block = small("ResNet", depth=50, style=style).layer2[0]
    assert (block.conv1.stride[0], block.conv2.stride[0]) == strides


@pytest.mark.parametrize(("ceil", "side"), [(False, 16), (True, 17)])
def test_the_pooling_may_round_up(ceil: bool, side: int) -> None:
    assert small("ResNet", pool_ceil_mode=ceil)(torch.randn(1, 3, 64, 64))[0].shape[2] == side


def test_weights_that_want_blue_first():
    plain, caffe = (
        MODELS.build({"type": "ResNet", "depth": 18, "base_channels": 4, "stem_channels": 4, "bgr": bgr}).eval() for bgr in (False, True)
    )
    caffe.load_state_dict(plain.state_dict())
    image = torch.randn(1, 3, 32, 32)
    assert torch.equal(caffe(image)[-1], plain(image.flip(1))[-1])
