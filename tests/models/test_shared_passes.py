"""Context and detail in one pass of the encoder: the same result where no statistics of the batch are computed, two passes else."""

import numpy as np
import pytest
import torch

from mmseg.models.segmentors.encoder_decoder import PIXELS_PER_PASS
from mmseg.registry import MODELS
from tests.models import networks
from tests.models.uda.test_methods import network


def build(**changes):
    torch.manual_seed(0)
    made = MODELS.build(network(**changes))
    made.init_weights()
    return made.train()


def count_passes(made, monkeypatch) -> list[int]:
    """Images per pass of the encoder, from now on."""
    counts: list[int] = []

    def encode(image, original=made.extract_features):
        counts.append(len(image))
        return original(image)

    monkeypatch.setattr(made, "extract_features", encode)
    return counts


def step(made, share: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Logits and gradients of a training pass."""
    made.shares_passes = share
    made.zero_grad()
    output = made(torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)), np.random.default_rng(0))
    (output.logits.square().mean() + output.view("detail").logits.mean()).backward()
    return output.logits.detach(), {name: p.grad.clone() for name, p in made.named_parameters() if p.grad is not None}


def test_a_shared_pass_trains_the_same(monkeypatch):
    made = build()
    assert made.shares_passes
    counts = count_passes(made, monkeypatch)
    (alone, expected), (together, gradients) = step(made, False), step(made, True)
    assert counts == [2, 2, 4]
    assert torch.allclose(together, alone, atol=1e-5)
    assert all(torch.allclose(gradients[name], expected[name], rtol=1e-4, atol=1e-5) for name in expected)


@pytest.mark.parametrize(
    ("pixels", "passes"), [(PIXELS_PER_PASS, [20]), (4 * 32 * 32, [4] * 5), (6 * 32 * 32, [6, 6, 6, 2]), (1, [1] * 20)]
)
def test_windows_without_gradients_come_in_passes_of_bounded_size(pixels, passes, monkeypatch):
    """The teacher looks at nine detail windows and the context of two crops."""
    made = build(test_cfg={"mode": "whole", "pixels_per_pass": pixels})
    image = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made.shares_passes = False
        expected = made.segment(image).logits
        made.shares_passes = True
        counts = count_passes(made, monkeypatch)
        assert torch.allclose(made.segment(image).logits, expected, atol=1e-5)
    assert counts == passes


def test_views_of_different_sizes_have_their_own_passes(monkeypatch):
    made = build(hr_crop_size=(48, 64))
    counts = count_passes(made, monkeypatch)
    made(torch.randn(2, 3, 64, 64), np.random.default_rng(0))
    assert counts == [2, 2]


def test_batch_statistics_see_the_context_before_the_detail(monkeypatch):
    """A BatchNorm would mix both views, and its running statistics depend on the order."""
    backbone = {"type": "ResNetV1c", "depth": 18, "base_channels": 8, "stem_channels": 8}
    made = MODELS.build({**networks.hrda(in_channels=[8, 16, 32, 64]), "backbone": backbone})
    counts = count_passes(made, monkeypatch)
    made(torch.randn(2, 3, 64, 64), np.random.default_rng(0))
    assert counts == [2, 2]


@pytest.mark.parametrize(("name", "shares"), [("test_vit", True), ("convnext_atto", True), ("test_byobnet", False)])
def test_encoders_of_timm(name, shares):
    made = MODELS.build({**networks.plain(), "backbone": {"type": "TimmBackbone", "name": name}})
    assert made.shares_passes == shares
