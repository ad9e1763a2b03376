"""The light decoder of VFM-UDA: sizes, parameters and starting weights of its definition."""

import pytest
import torch

from mmseg.registry import MODELS


def light_head(**options):
    head = MODELS.build({"type": "LightHead", "in_channels": 32, "num_classes": 5, **options})
    head.init_weights()
    return head


def test_logits_have_four_times_the_side_of_the_tokens():
    head = light_head()
    tokens = torch.randn(2, 32, 5, 7, requires_grad=True)
    logits = head((torch.randn(2, 8, 10, 14), tokens))
    assert logits.shape == (2, 5, 20, 28)
    logits.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in head.parameters())
    assert head.decode((tokens,)).embedding.shape == (2, 8, 20, 28) and head.embedding_channels == 8


def test_parameters_are_counted():
    """Of C channels: two enlargements 2 * 2 * (C * C/2 + C/2 * C/4), 9 (C/4)^2, K C/4, and two values per normalised channel."""
    channels, half, quarter = 32, 16, 8
    counted = 4 * (channels * half + half * quarter) + 9 * quarter**2 + 5 * quarter + 2 * (half + 2 * quarter)
    assert sum(parameter.numel() for parameter in light_head().parameters()) == counted
    assert not any(name.endswith("bias") for name, parameter in light_head().named_parameters() if parameter.dim() > 1)
    assert light_head().conv_seg.bias is None


def test_the_classifier_starts_large():
    torch.manual_seed(0)
    assert light_head(in_channels=1024, num_classes=19).conv_seg.weight.std().item() == pytest.approx(0.1, rel=0.05)


def test_a_grid_of_80_tokens_gives_320_logits_as_published():
    head = MODELS.build({"type": "LightHead", "in_channels": 1024, "num_classes": 19}).to("meta")
    assert head((torch.empty(1, 1024, 80, 80, device="meta"),)).shape == (1, 19, 320, 320)
