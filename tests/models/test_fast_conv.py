"""The detour by sub-images equals the dilated convolution: values and gradients, on sizes that are no multiple of the dilation."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmseg.models.decode_heads.fast_conv import FastConv2d, pointwise_convolution, sub_image_convolution


@pytest.mark.parametrize("size", [(24, 24), (17, 30), (5, 40), (1, 1)])
@pytest.mark.parametrize("dilation", [2, 12, 18])
def test_equals_the_dilated_convolution(size: tuple[int, int], dilation: int) -> None:
    image = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    expected = F.conv2d(image, weight, padding=dilation, dilation=dilation, groups=3)
    actual = sub_image_convolution(image, weight, dilation)
    assert torch.allclose(actual, expected, atol=1e-12)
    direction = torch.randn_like(expected)
    for ours, theirs in zip(*(torch.autograd.grad(out, (image, weight), direction) for out in (actual, expected)), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize(
    "options", [{"dilation": 18, "padding": 18, "groups": 4}, {"dilation": 18, "padding": 18}, {"dilation": 12, "padding": 6, "groups": 4}]
)
def test_module_equals_the_plain_one(options: dict) -> None:
    module, plain = FastConv2d(4, 4, 3, bias=False, **options), torch.nn.Conv2d(4, 4, 3, bias=False, **options)
    plain.load_state_dict(module.state_dict())
    image = torch.randn(1, 4, 20, 20)
    assert torch.allclose(module(image), plain(image), atol=1e-5)


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("bias", [True, False])
def test_pointwise_equals_the_convolution(layout: torch.memory_format, bias: bool) -> None:
    module = torch.nn.Conv2d(5, 7, 1, bias=bias, dtype=torch.float64)
    image = torch.randn(2, 5, 6, 4, dtype=torch.float64).contiguous(memory_format=layout).requires_grad_()
    actual, expected = pointwise_convolution(image, module.weight.flatten(1), module.bias), module(image)
    assert torch.allclose(actual, expected, atol=1e-12) and actual.is_contiguous(memory_format=torch.channels_last)
    direction, inputs = torch.randn_like(expected), (image, *module.parameters())
    for ours, theirs in zip(*(torch.autograd.grad(out, inputs, direction) for out in (actual, expected)), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": 1}, {"groups": 2}])
def test_pointwise_module_equals_the_plain_one(options: dict) -> None:
    module, plain = FastConv2d(4, 6, 1, **options), torch.nn.Conv2d(4, 6, 1, **options)
    plain.load_state_dict(module.state_dict())
    image = torch.randn(2, 4, 8, 8)
    assert torch.allclose(module(image), plain(image), atol=1e-5)
