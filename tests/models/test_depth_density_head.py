"""Depth and density beside a segmentation: built, run and back-propagated, alone and in both segmentors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from tests.models.networks import hrda, plain

HEAD = {"type": "DepthDensityHead", "in_channels": 32, "channels": 6, "averaged": 3}


def levels(side: int = 4) -> list[torch.Tensor]:
    return [torch.randn(2, channels, side, side) for channels in (8, 16, 24, 32)]


@pytest.mark.parametrize("density", [True, False])
def test_every_parameter_gets_a_gradient(density):
    head = MODELS.build({**HEAD, "density": density})
    head.init_weights()
    geometry = head(levels())
    maps = [geometry.depth, *([geometry.density] if density else [])]
    assert all(each.shape == (2, 1, 4, 4) for each in maps) and (geometry.density is None) != density
    sum(each.square().mean() for each in maps).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in head.parameters())


def test_the_last_channels_are_averaged():
    head = MODELS.build(HEAD)
    branch, level = head.depth, levels()
    every = branch.conv3(branch.conv2(branch.conv1(level[3]).relu()).relu())
    assert torch.allclose(head(level).depth[:, 0], every.mean(dim=1))


@pytest.mark.parametrize("network", [plain, hrda])
def test_both_segmentors(network):
    """The first view is read: the whole crop, at half of its resolution in HRDA; what draws nothing has no geometry."""
    torch.manual_seed(0)
    model = MODELS.build(network(depth_head=HEAD) if network is plain else {**hrda(), "depth_head": HEAD})
    model.init_weights()
    image = torch.randn(2, 3, 64, 96)
    output = model(image, np.random.default_rng(0))
    side = 32 if network is plain else 64
    assert output.geometry.depth.shape == output.geometry.density.shape == (2, 1, 64 // side, -(-96 // side))
    assert torch.equal(model.depth_head(output.views[0].features).depth, output.geometry.depth)
    assert model.segment(image).geometry is None
    without = MODELS.build(network())
    assert without(image, np.random.default_rng(0)).geometry is None


@pytest.mark.parametrize("network", [plain, hrda])
def test_depth_of_a_whole_image(network):
    torch.manual_seed(0)
    model = MODELS.build({**network(), "depth_head": HEAD}).eval()
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        found = model.inference_depth(image)
        expected = model.depth_head(model.extract_features(model.first_look(image))).depth
    assert torch.allclose(found, torch.nn.functional.interpolate(expected, size=(64, 96), mode="bilinear", align_corners=False))
    model.test_cfg = {"mode": "slide", "crop_size": (64, 64), "stride": (32, 32)}
    assert model.inference_depth(image).shape == (1, 1, 64, 96)


@pytest.mark.parametrize(("change", "wrong"), [({"in_channels": 24}, "in_channels=24"), ({"in_index": 4}, "in_index=4")])
def test_another_level(change, wrong):
    with pytest.raises(UserError, match=wrong):
        MODELS.build({**HEAD, **change})(levels())


def test_geometry_survives_a_shift_of_classes():
    output = MODELS.build(plain(depth_head=HEAD))(torch.randn(2, 3, 64, 64))
    shifted = output.shifted(torch.ones(5))
    assert shifted.geometry is output.geometry and replace(output, geometry=None).geometry is None
