"""Which cells show a thing, for cells that are whole pixels and for those of a grid of tokens."""

import pytest
import torch

from mmseg.models.losses.features.feature_distance import downscale_label, thing_mask
from mmseg.registry import MODELS
from tests.models.encoders.families import make_tiny
from tests.models.uda.test_methods import batch, run_step

CAR, ROAD = 13, 0


def mask(label: torch.Tensor, grid: tuple[int, int], ratio: float = 0.75) -> list:
    features = torch.zeros(1, 2, *grid)
    return thing_mask(label[None], features, [CAR], ratio, 19)[0].nonzero().tolist()


def test_whole_cells_are_counted_as_they_are():
    label = torch.full((64, 96), ROAD)
    label[16:32, 64:80] = CAR
    assert mask(label, (4, 6)) == [[1, 4]]
    counted = downscale_label(label[None], 16, 0.75, 19) == CAR
    assert torch.equal(counted, thing_mask(label[None], torch.zeros(1, 2, 4, 6), [CAR], 0.75, 19))


@pytest.mark.parametrize("grid", [(5, 5), (5, 7), (80, 80), (3, 3), (9, 4)], ids=str)
def test_cells_that_are_no_whole_pixels(grid):
    """Of 64 pixels, 12.8 each: one cell filled, to whole pixels, and one that is filled by two thirds."""
    height, width = 64 if grid[0] < 64 else 1024, 64 if grid[1] < 64 else 1024
    label = torch.full((height, width), ROAD)
    rows, columns = height / grid[0], width / grid[1]
    label[round(rows) : round(2 * rows), round(2 * columns) : round(3 * columns)] = CAR
    assert mask(label, grid) == [[1, 2]]
    most = torch.full((height, width), ROAD)
    most[round(rows) : round(1.65 * rows), round(2 * columns) : round(3 * columns)] = CAR
    assert mask(most, grid) == [] and mask(most, grid, 0.5) == [[1, 2]]


def test_more_cells_than_pixels():
    label = torch.full((4, 4), ROAD)
    label[1, 2] = CAR
    assert mask(label, (8, 8)) == [[2, 4], [2, 5], [3, 4], [3, 5]]


def test_a_distance_of_things_with_a_grid_of_tokens(monkeypatch):
    """levels='last' with input_scale: 5x5 tokens of a crop of 64, of which those with things are compared."""
    make_tiny(monkeypatch, depth=2)
    backbone = {"type": "TimmBackbone", "name": "vit_small_patch14_dinov2", "levels": "last", "input_scale": 1.1}
    head = {"type": "LightHead", "in_channels": 32, "num_classes": 19}
    network = {"type": "EncoderDecoder", "backbone": backbone, "decode_head": head, "test_cfg": {"mode": "whole"}}
    options = {"imnet_feature_dist_lambda": 0.005, "imnet_feature_dist_classes": [CAR], "imnet_feature_dist_scale_min_ratio": 0.75}
    method = MODELS.build({"type": "DACS", "segmentor": network, **options})
    method.init_weights()
    crops, label = batch(), torch.full((2, 64, 64), ROAD)
    label[0, :26, :13] = CAR  # two tokens of 12.8 pixels
    label[1, 51:, 51:] = CAR  # one
    object.__setattr__(crops, "source_label", label)
    logs = run_step(method.train(), monkeypatch, 0, crops)
    assert logs["src.feat_dist_cells"] == 3
