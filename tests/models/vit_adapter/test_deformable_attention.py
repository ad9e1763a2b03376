"""Deformable attention in closed form, and against loops over every query, head, map and place."""

import math
from itertools import product

import torch
from torch import Tensor

from mmseg.models.backbones.vit_adapter.deformable_attention import DeformableAttention, centres, first_offsets, sampled_sum

SIZES = [(4, 6), (2, 3)]


def draw(batch=2, heads=2, channels=3, queries=5, points=2, dtype=torch.float64):
    """Values of two maps, places of which some lie outside, and weights."""
    torch.manual_seed(0)
    values = [torch.randn(batch, heads, channels, *size, dtype=dtype) for size in SIZES]
    places = torch.rand(batch, heads, queries, len(SIZES), points, 2, dtype=dtype) * 1.4 - 0.2
    return values, places, torch.rand(batch, heads, queries, len(SIZES), points, dtype=dtype)


def cell(value: Tensor, row: int, column: int) -> Tensor:
    inside = 0 <= row < value.shape[1] and 0 <= column < value.shape[2]
    return value[:, row, column] if inside else value.new_zeros(value.shape[0])


def bilinear(value: Tensor, place: Tensor) -> Tensor:
    """[c, h, w] at (x, y): the four cells around it by their distance, 0 outside."""
    x, y = place[0].item() * value.shape[2] - 0.5, place[1].item() * value.shape[1] - 0.5
    left, top = math.floor(x), math.floor(y)
    corners = product((0, 1), (0, 1))
    shares = ((down, right, (1 - abs(y - top - down)) * (1 - abs(x - left - right))) for down, right in corners)
    return sum(share * cell(value, top + down, left + right) for down, right, share in shares)


def by_loops(values: list[Tensor], places: Tensor, weights: Tensor) -> Tensor:
    batch, heads, queries, levels, points = weights.shape
    result = values[0].new_zeros(batch, queries, heads, values[0].shape[2])
    for image, head, query, level, point in product(*map(range, (batch, heads, queries, levels, points))):
        index = (image, head, query, level, point)
        result[image, query, head] += weights[index] * bilinear(values[level][image, head], places[index])
    return result.flatten(2)


def test_it_is_what_loops_give():
    drawn = draw()
    torch.testing.assert_close(sampled_sum(*drawn), by_loops(*drawn))


def test_a_place_in_the_middle_of_a_cell_reads_that_cell():
    value = torch.arange(24.0).view(1, 1, 1, 4, 6)
    places = centres([(4, 6)], value).view(1, 1, 24, 1, 1, 2)
    read = sampled_sum([value], places, torch.ones(1, 1, 24, 1, 1))
    torch.testing.assert_close(read.view(4, 6), value[0, 0, 0])


def test_between_cells_it_is_bilinear():
    """At the middles of a grid of twice as many cells: torch's own enlargement, but for the border, where 0 lies outside."""
    value = torch.randn(1, 1, 2, 4, 6)
    places = centres([(8, 12)], value).view(1, 1, 96, 1, 1, 2)
    read = sampled_sum([value], places, torch.ones(1, 1, 96, 1, 1)).transpose(1, 2).view(2, 8, 12)
    enlarged = torch.nn.functional.interpolate(value[0], scale_factor=2, mode="bilinear", align_corners=False)[0]
    torch.testing.assert_close(read[:, 1:-1, 1:-1], enlarged[:, 1:-1, 1:-1])
    torch.testing.assert_close(read[:, 0, 0], value[0, 0, :, 0, 0] * 0.75**2)


def test_equal_weights_give_the_mean():
    values, places, _ = draw()
    count = places.shape[3] * places.shape[4]
    mean = sampled_sum(values, places, torch.full(places.shape[:-1], 1 / count, dtype=places.dtype))
    single = [torch.zeros(places.shape[:-1], dtype=places.dtype) for _ in range(count)]
    for number, weights in enumerate(single):
        weights[..., number // places.shape[4], number % places.shape[4]] = 1
    torch.testing.assert_close(mean, sum(sampled_sum(values, places, weights) for weights in single) / count)


def test_gradients_reach_values_places_and_weights():
    values, places, weights = draw(batch=1, channels=2, queries=3)
    inputs = [tensor.requires_grad_() for tensor in (*values, places, weights)]
    assert torch.autograd.gradcheck(lambda first, second, *others: sampled_sum([first, second], *others), inputs)


def test_middles_of_cells():
    expected = [[1 / 6, 0.25], [0.5, 0.25], [5 / 6, 0.25], [1 / 6, 0.75], [0.5, 0.75], [5 / 6, 0.75], [0.5, 0.5]]
    torch.testing.assert_close(centres([(2, 3), (1, 1)], torch.zeros(1)), torch.tensor(expected))


def test_heads_look_around_and_points_go_out():
    offsets = first_offsets(4, 2, 3)
    right = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    torch.testing.assert_close(offsets[0, 0], right)
    torch.testing.assert_close(offsets[2, 1], -right)
    torch.testing.assert_close(offsets[1, 0], right.flip(1))
    torch.testing.assert_close(first_offsets(8, 1, 1)[1, 0, 0], torch.ones(2))


def attention(**options) -> DeformableAttention:
    torch.manual_seed(1)
    built = DeformableAttention(**{"channels": 8, "heads": 2, "levels": 2, "points": 3, **options})
    built.init_weights()
    return built


def test_without_offsets_every_query_reads_its_own_place():
    """One map, offsets of 0: the values there, whatever the weights, which add up to 1."""
    built = attention(levels=1).double()
    torch.nn.init.zeros_(built.to_offsets.bias)
    torch.nn.init.normal_(built.to_weights.weight)
    features, own = torch.randn(2, 24, 8).double(), torch.rand(5, 2).double() * 0.6 + 0.2
    values = built.to_values(features).transpose(1, 2).view(2, 8, 4, 6)
    read = torch.stack([torch.stack([bilinear(value, place) for place in own]) for value in values])
    torch.testing.assert_close(built(torch.randn(2, 5, 8).double(), own, features, [(4, 6)]), built.to_output(read))


def test_offsets_are_counted_in_cells_of_each_map():
    """One cell to the right: at the first of two columns, the value of the second."""
    built = attention(heads=1, points=1)
    queries, features = torch.randn(1, 1, 8), torch.randn(1, 30, 8)
    parts = built.to_values(features).split([24, 6], dim=1)
    wide, narrow = (part.transpose(1, 2).view(8, *size) for part, size in zip(parts, SIZES, strict=True))
    own = torch.tensor([[1 / 6, 0.25]])  # of the narrow map the first cell, of the wide one between four
    read = (bilinear(wide, own[0] + torch.tensor([1 / 6, 0])) + bilinear(narrow, own[0] + torch.tensor([1 / 3, 0]))) / 2
    torch.testing.assert_close(built(queries, own, features, SIZES)[0, 0], built.to_output(read))
    torch.testing.assert_close(bilinear(narrow, own[0] + torch.tensor([1 / 3, 0])), narrow[:, 0, 1])


def test_every_parameter_learns():
    built = attention()
    torch.nn.init.normal_(built.to_offsets.weight, std=0.1)
    queries = torch.randn(2, 5, 8, requires_grad=True)
    built(queries, torch.rand(5, 2), torch.randn(2, 30, 8), SIZES).square().mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in built.parameters()) and queries.grad.abs().sum() > 0


def test_places_are_float32_in_low_precision(monkeypatch):
    built, seen, act = attention(levels=1), [], torch.nn.functional.grid_sample
    monkeypatch.setattr(torch.nn.functional, "grid_sample", lambda value, grid, **rest: seen.append(grid) or act(value, grid, **rest))
    with torch.autocast("cpu", torch.bfloat16):
        read = built(torch.randn(2, 5, 8), torch.rand(5, 2), torch.randn(2, 24, 8), [(4, 6)])
    assert seen[0].dtype == torch.float32 and read.isfinite().all()


def test_channels_of_values_are_whole_heads():
    built = attention(channels=130, heads=2, value_ratio=0.5)
    assert built.to_values.out_features == 64
    assert built(torch.randn(1, 4, 130), torch.rand(4, 2), torch.randn(1, 30, 130), SIZES).shape == (1, 4, 130)
