"""Branches of different dilations at once equal the convolutions one by one, gradients included."""

import pytest
import torch
from torch import nn

from mmseg.models.decode_heads.dilated_branches import dilated_branches, shifted_taps


def branches(dilations=(1, 2, 3, 9)) -> list[nn.Conv2d]:
    torch.manual_seed(0)
    return [nn.Conv2d(5, 3, 3, padding=rate, dilation=rate).double() for rate in dilations]


@pytest.mark.parametrize("size", [(7, 11), (9, 10), (2, 12), (1, 1)])
def test_results_and_gradients(size):
    """Also where some taps, or all but the middle ones, see nothing but padding."""
    own, values = branches(), []
    for convolve in (lambda seen: [branch(seen) for branch in own], lambda seen: dilated_branches(seen, own)):
        feature_map = torch.randn(2, 5, *size, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
        results = convolve(feature_map)
        factors = torch.arange(1.0, 1 + results[0].numel(), dtype=torch.float64).view_as(results[0])
        loss = sum((index + 1) * (result.square() * factors).sum() for index, result in enumerate(results))
        parameters = [parameter for branch in own for parameter in branch.parameters()]
        values.append([*results, *torch.autograd.grad(loss, [feature_map, *parameters])])
    for expected, given in zip(*values, strict=True):
        torch.testing.assert_close(given, expected)


def test_taps_that_see_padding_alone_are_not_computed(monkeypatch):
    kernels = []

    def convolve(feature_map, weight):
        kernels.append(weight.shape[0] // 3)
        return torch.nn.grad.torch.conv2d(feature_map, weight)

    monkeypatch.setattr("mmseg.models.decode_heads.dilated_branches.F.conv2d", convolve)
    shifted_taps(torch.zeros(1, 5, 4, 12, dtype=torch.float64), branches((1, 6, 12)))
    assert kernels == [9 + 3 + 1]


def test_other_precisions():
    own = [branch.bfloat16() for branch in branches()]
    feature_map = torch.randn(1, 5, 6, 6, generator=torch.Generator().manual_seed(1)).bfloat16()
    for branch, result in zip(own, dilated_branches(feature_map, own), strict=True):
        torch.testing.assert_close(result, branch(feature_map), rtol=0.05, atol=0.05)
    with torch.autocast("cpu", torch.bfloat16):
        assert all(result.dtype == torch.bfloat16 for result in dilated_branches(feature_map.float(), [branch.float() for branch in own]))


def test_many_channels_are_convolved_one_by_one():
    """The kernels of torch are faster for them."""
    convolution = nn.Conv2d(5, 64, 3, padding=2, dilation=2)
    feature_map = torch.randn(1, 5, 6, 6, generator=torch.Generator().manual_seed(1))
    assert torch.equal(dilated_branches(feature_map, [convolution])[0], convolution(feature_map))
