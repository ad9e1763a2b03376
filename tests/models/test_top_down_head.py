"""The decoder of VFM-UDA++: sizes, sums, parameters and starting weights of its definition."""

import pytest
import torch
from torch import nn

from mmseg.registry import MODELS
from mmseg.utils.errors import UserError

SIZES = [(18, 26), (9, 13), (5, 7), (3, 4)]
"""Of an image of 70x101 pixels: no level is half of the one before."""


def head(**options):
    built = MODELS.build({"type": "TopDownHead", "in_channels": [32] * 4, "num_classes": 5, **options})
    torch.manual_seed(0)
    built.init_weights()
    return built


def levels(channels=(32, 32, 32, 32), sizes=SIZES):
    return [torch.randn(2, width, *size) for width, size in zip(channels, sizes, strict=True)]


def test_logits_have_the_size_of_the_finest_level():
    built = head()
    logits = built(levels())
    assert logits.shape == (2, 5, 18, 26) and built.embedding_channels == 4
    logits.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in built.parameters())


def test_parameters_are_counted():
    """Each step: 2 * 2 * C * C/2 and C/2 to enlarge, D * C/2 + C/2 of the level, 9 (C/2)^2 and two for each channel behind it."""
    counted = 9 * 4**2 + 4 + 5 * 4
    for wide in (32, 16, 8):
        half = wide // 2
        counted += (4 * wide * half + half) + (32 * half + half) + 9 * half**2 + 2 * half
    assert sum(parameter.numel() for parameter in head().parameters()) == counted


def test_a_step_is_the_sum_of_both():
    """With the identity behind them: transposed convolution, cut to the finer level, plus the finer level."""
    built = head(in_channels=[4, 8], in_index=[0, 1])
    built.steps[0].mix = nn.Identity()
    fine, coarse = torch.randn(1, 4, 5, 7), torch.randn(1, 8, 3, 4)
    step = built.steps[0]
    expected = step.enlarge(coarse)[:, :, :5, :7] + step.lateral(fine)
    torch.testing.assert_close(built.embed([fine, coarse]), built.smooth(expected))


def test_levels_of_several_widths_and_some_of_them():
    built = head(in_channels=[8, 16, 24], in_index=[1, 2, 3])
    assert built(levels((32, 8, 16, 24))).shape == (2, 5, 9, 13)


def test_the_same_seed_starts_the_same_weights():
    first = head()
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(1)
    torch.manual_seed(0)
    first.init_weights()
    second = head().state_dict()
    assert all(torch.equal(value, second[key]) for key, value in first.state_dict().items())


def test_the_classifier_starts_large_and_has_no_bias():
    built = head(in_channels=[1024] * 4, num_classes=19)
    assert built.conv_seg.weight.std().item() == pytest.approx(0.1, rel=0.05) and built.conv_seg.bias is None


def test_channels_that_cannot_be_halved():
    with pytest.raises(UserError, match=r"in_channels=\[32, 32, 32, 12\] are halved 3 times\. Use a multiple of 8 for the last one"):
        head(in_channels=[32, 32, 32, 12])
