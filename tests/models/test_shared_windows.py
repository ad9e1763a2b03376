"""HRDA at test time: shared detail windows equal windows of their own, in fewer passes, whatever the budget."""

import pytest
import torch

from mmseg.apis.predicting.passes import Pass, counted_passes
from mmseg.models.segmentors.encoder_decoder import EncoderDecoder
from mmseg.models.segmentors.shared_windows import BRANCHES
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.networks import BN, hrda, plain

SLIDE = {"mode": "slide", "crop_size": (64, 64), "stride": (32, 32), "batched_slide": True}
SIZES = [(64, 128), (64, 64), (72, 152), (96, 104), (67, 101), (61, 101), (61, 59)]
RESNET = {"type": "ResNetV1c", "depth": 18, "base_channels": 4, "num_stages": 4, "strides": (1, 2, 1, 1), "dilations": (1, 1, 2, 4)}


def network(**options) -> EncoderDecoder:
    """An HRDA in eval mode whose BatchNorm layers have statistics of their own."""
    torch.manual_seed(0)
    return with_statistics(MODELS.build(hrda(**{"test_cfg": SLIDE, **options})))


def with_statistics(model: EncoderDecoder) -> EncoderDecoder:
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def nested(model: EncoderDecoder, image: torch.Tensor, branch: str) -> torch.Tensor:
    """Every outer window by itself; sides that one window covers are padded as inference pads them."""
    height, width = image.shape[2:]
    window = model.outer_windows(height, width)[0]
    bottom, right = (-side % 8 if side == whole else 0 for side, whole in ((window.height, height), (window.width, width)))
    padded = torch.nn.functional.pad(image, (0, right, 0, bottom))
    return EncoderDecoder.inference(model, padded, branch)[:, :, :height, :width]


def picture(*size: int, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(1))


def close(actual: torch.Tensor, expected: torch.Tensor) -> bool:
    return actual.shape == expected.shape and torch.allclose(actual, expected, rtol=0, atol=1e-5 * expected.abs().max().item())


@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("size", SIZES)
@torch.no_grad()
def test_shared_windows_equal_nested_ones(size, overlapping):
    model, image = network(hr_slide_overlapping=overlapping), picture(*size)
    looks = model.inference_branches(image, BRANCHES)
    assert list(looks) == list(BRANCHES)
    for branch in BRANCHES:
        expected = nested(model, image, branch)
        assert close(looks[branch], expected) and close(model.inference(image, branch), expected), branch


@pytest.mark.parametrize(
    "options",
    [
        {"test_cfg": {"mode": "whole"}},
        {"test_cfg": {**SLIDE, "batched_slide": False}},
        {"test_cfg": {**SLIDE, "stride": (8, 40)}},
        {"hr_slide_inference": False},
        {"test_cfg": {**SLIDE, "crop_size": (96, 72)}},
        {"hr_crop_size": (128, 32)},
        {"scales": (1, 1), "feature_scale": 1},
        {"blur_hr_crop": True},
        {"fixed_attention": 0.25},
        {"attention_classwise": False},
    ],
    ids=str,
)
@torch.no_grad()
def test_every_way_of_looking(options):
    model, image = network(**options), picture(64, 136)
    for branch in BRANCHES:
        assert close(model.inference(image, branch), nested(model, image, branch)), branch


@torch.no_grad()
def test_a_resnet_with_batch_norm():
    head = {"type": "HRDAHead", "single_scale_head": "DLV2Head", "in_channels": 32, "in_index": 3, "num_classes": 5, "dilations": (1, 2)}
    model = MODELS.build({**hrda(test_cfg=SLIDE), "backbone": {**RESNET, "norm_cfg": BN}, "decode_head": head})
    model, image = with_statistics(model), picture(64, 144)
    assert model.decode_head.output_stride == 8
    looks = model.inference_branches(image, BRANCHES)
    assert all(close(looks[branch], nested(model, image, branch)) for branch in BRANCHES)


@pytest.mark.parametrize("pixels", [1, 32 * 32 * 2 * 5, 2**30])
@torch.no_grad()
def test_the_budget_changes_the_passes_alone(pixels):
    model, image = network(), picture(64, 128)
    expected = model.inference_branches(image, BRANCHES)
    model.test_cfg["pixels_per_pass"] = pixels
    with counted_passes(model) as passes:
        actual = model.inference_branches(image, BRANCHES)
    assert all(close(actual[branch], expected[branch]) for branch in BRANCHES)
    most = max(pixels // (32 * 32 * 2), 1)
    assert [each.crops for each in passes] == [2 * len(range(21)[i : i + most]) for i in range(0, 21, most)] + [
        2 * len(range(3)[i : i + most]) for i in range(0, 3, most)
    ]


@pytest.mark.parametrize(
    ("branches", "size", "crops"),
    [
        (["fused"], (64, 128), 21 + 3),  # 3 x 7 places instead of 3 * 9
        (BRANCHES, (64, 128), 21 + 3),
        (["ATT"], (64, 128), 21 + 3),
        (["LR"], (64, 128), 3),
        (["HR"], (64, 128), 21),
        (["LR", "HR"], (64, 128), 21 + 3),
        (["fused"], (96, 160), 5 * 9 + 2 * 4),
        (["fused"], (64, 104), 3 * 8 + 3),  # columns 0 16 32, 32 48 64 and of the shifted window 40 56 72
    ],
)
@torch.no_grad()
def test_no_window_is_encoded_twice_nor_for_nothing(branches, size, crops):
    model = network()
    with counted_passes(model) as passes:
        model.inference_branches(picture(*size, batch=1), branches)
    assert sum(each.crops for each in passes) == crops and {each.size for each in passes} == {(32, 32)}


@pytest.mark.parametrize(
    ("batched", "passes"), [(True, [Pass(42, (32, 32)), Pass(6, (32, 32))]), (False, [Pass(42, (32, 32))] + [Pass(2, (32, 32))] * 3)]
)
@torch.no_grad()
def test_batched_slide_is_about_outer_windows(batched, passes):
    model = network(test_cfg={**SLIDE, "batched_slide": batched})
    with counted_passes(model) as counted:
        model.inference(picture(64, 128))
    assert counted == passes


@torch.no_grad()
def test_batch_statistics_are_never_shared():
    """In train mode every outer window is looked at by itself."""
    model = network().train()
    with counted_passes(model) as passes:
        model.inference(picture(64, 128))
    assert sum(each.crops for each in passes) == 2 * (3 + 27)


@pytest.mark.parametrize("pixels", [1, 64 * 64 * 2 * 2, 2**30])
@torch.no_grad()
def test_windows_of_a_plain_network(pixels):
    torch.manual_seed(0)
    model, image = with_statistics(MODELS.build(plain(test_cfg=SLIDE))), picture(64, 128)
    expected = model.inference(image)
    model.test_cfg["pixels_per_pass"] = pixels
    with counted_passes(model) as passes:
        assert close(model.inference(image), expected)
    assert [each.crops for each in passes] == {1: [2, 2, 2], 64 * 64 * 4: [4, 2], 2**30: [6]}[pixels]
    assert list(model.inference_branches(image, ["fused"])) == ["fused"]


@pytest.mark.parametrize("pixels", [0, 2.5, "1GB"])
def test_a_budget_that_is_none(pixels):
    with pytest.raises(UserError, match=r"test_cfg\.pixels_per_pass is .* It should be (a whole number|greater than 0)\.$"):
        network(test_cfg={**SLIDE, "pixels_per_pass": pixels})
