"""The detour by sub-images equals the dilated convolution: values and gradients, on sizes that are no multiple of the dilation."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmseg.models.decode_heads.dilated_conv import DilatedConv2d, decoder_layout, sub_image_convolution


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


OPTIONS = [
    {"dilation": 6, "padding": 6, "groups": 4},
    {"dilation": 18, "padding": 18, "groups": 4},
    {"dilation": 18, "padding": 18},
    {"dilation": 12, "padding": 6, "groups": 4},
]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("options", OPTIONS)
def test_module_equals_the_plain_one(options: dict, layout: torch.memory_format) -> None:
    """At dilation 6 the sub-images of a channels-last map are large enough for the detour, at 18 they are not."""
    module, plain = DilatedConv2d(4, 4, 3, bias=False, **options), torch.nn.Conv2d(4, 4, 3, bias=False, **options)
    plain.load_state_dict(module.state_dict())
    image = torch.randn(1, 4, 20, 20)
    assert torch.allclose(module(image.contiguous(memory_format=layout)), plain(image), atol=1e-5)


@pytest.mark.parametrize(("dtype", "plain"), [(torch.float32, True), (torch.bfloat16, False)])
def test_layout_of_a_decoder(dtype: torch.dtype, plain: bool) -> None:
    image = torch.randn(1, 4, 20, 20).to(dtype).contiguous(memory_format=torch.channels_last)
    assert decoder_layout(image).is_contiguous() == plain
    assert torch.equal(decoder_layout(image), image)
