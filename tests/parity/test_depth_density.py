"""Densities and density targets against the records of the published code (Wu & Liu, NeurIPS 2022)."""

from __future__ import annotations

import pytest
import torch

from mmseg.models.uda.depth_distribution.mixtures import (
    Mixtures,
    class_log_density,
    density_target,
    log_density,
    points_of,
    squash,
)
from mmseg.utils.products.mixture_file import MixtureParameters
from tests.parity.records import assert_close, one, parametrize

FOLDER = "methods/depth_distribution"
GREY = {"rtol": 3e-6, "atol": 1e-4}


def recorded_mixtures(name: str) -> Mixtures:
    """A shipped set in float64; ``name`` is what follows 'gmm_'."""
    record = one(f"{FOLDER}/gmm_{name}")
    means, variances, weights = (record.tensors[key].double() for key in ("mu", "var", "phi"))
    return Mixtures(MixtureParameters(means, variances, weights, "raw", tuple(record.info["config"]["grid_wh"])))


def set_of(record) -> str:
    return record.path.stem.rsplit("_", 1)[1]


def assert_densities(record, key: str, actual: torch.Tensor, expected: torch.Tensor) -> None:
    """Within 1e-6, and what the float32 deviation of the recorded helper makes of an exponent, which is large in the tails."""
    expected = expected.double()
    tails = 2e-7 * expected.clamp(min=1e-45).log().abs()
    assert_close(record, key, actual, expected=expected, rtol=0, atol=1e-37 + expected * (1e-6 + tails))


def train_ids(record) -> torch.Tensor:
    """The label of a source record, which holds ids of SYNTHIA: int64 [1, h, w], 255 where ignored."""
    table = torch.full((256,), 255)
    for label_id, train_id in one(f"{FOLDER}/class_maps").info[f"synthia_{record.info['config']['num_classes']}"].items():
        table[int(label_id)] = train_id
    return table[record.tensors["label_grid"].long()][None]


@parametrize(f"{FOLDER}/density_points_*")
def test_points(record):
    """The recorded helper works in float32, with a pi of seven digits."""
    mixtures = recorded_mixtures(record.info["config"]["set"])
    points, classes = record.tensors["xyz"].double(), record.tensors["cls"].long()
    found = class_log_density(mixtures, classes, points)
    assert_densities(record, "p", found.exp(), record.tensors["p"])
    assert_close(record, "D", squash(found, 1e6), **GREY)
    assert torch.equal(log_density(mixtures, points).gather(1, classes[:, None])[:, 0], found)
    # In float32 what is large enough to be seen is the same, and nothing is infinite.
    single = class_log_density(mixtures, classes, points.float())
    assert single.dtype == torch.float32 and not single.isnan().any()
    assert_close(record, "D", squash(single, 1e6), rtol=1e-4, atol=1e-2)


@parametrize(f"{FOLDER}/density_source_*")
def test_source_target(record):
    """Maps are evaluated at every pixel, with z = 0 off the class; the target is that of the predicted class."""
    mixtures = recorded_mixtures(set_of(record))
    label, depth, prediction = train_ids(record), record.tensors["z_grid"][None].double(), record.tensors["pred"][None].long()
    for own, number in enumerate(record.info["config"].get("classes_stored", range(mixtures.num_classes))):
        classes = torch.full_like(label, number)
        points = points_of(mixtures, torch.where(label == number, depth, 0))
        assert_densities(record, "maps", class_log_density(mixtures, classes, points)[0].exp(), record.tensors["maps"][own])
        grey = density_target(mixtures, classes, depth, label=label)[0]
        assert_close(record, "D_maps", grey[::3, ::3], expected=record.tensors["D_maps"][own], **GREY)
    assert_close(record, "D_s", density_target(mixtures, prediction, depth, label=label)[0], **GREY)


@parametrize(f"{FOLDER}/density_target_*")
def test_target_target(record):
    mixtures = recorded_mixtures(set_of(record))
    depth = record.tensors["z"][None].double()
    found = density_target(mixtures, record.tensors["pred"][None].long(), depth)[0]
    assert_close(record, "D", found, **GREY)
    assert int((depth <= 0).sum()) == record.info["scalars"]["n_z_nonpositive"] and not found[(depth <= 0)[0]].any()


@parametrize(f"{FOLDER}/density_at_zero_depth*")
def test_wrong_predictions_of_the_source(record):
    """Of every second pixel of the grid, the target of a pixel that is labelled otherwise."""
    for name, rows in record.info["rows"].items():
        mixtures = recorded_mixtures(name)
        width, height = mixtures.grid
        for number, row in enumerate(rows.values()):
            depth = torch.full((1, height, width), 208.0, dtype=torch.float64)
            classes = torch.full_like(depth, number, dtype=torch.int64)
            grey = density_target(mixtures, classes, depth, label=torch.full_like(classes, 255))[0]
            best = {"max_D": grey[::2, ::2].max(), "mean_D": grey[::2, ::2].mean()}
            for key, value in row.items():
                torch.testing.assert_close(best[key].item(), value, rtol=1e-5, atol=1e-6)


def test_the_road_of_the_spec():
    """Three points of the shipped road, and the sky where it cannot be: of a variance of 1e-6, nothing is left at z = 208."""
    mixtures = recorded_mixtures("16")
    points = torch.tensor([[80, 90, 208], [45, 60, 57], [80, 10, 57]], dtype=torch.float64)
    found = class_log_density(mixtures, torch.zeros(3, dtype=torch.int64), points)
    assert found.exp().tolist() == pytest.approx([1.536459e-6, 1.720855e-6, 1.974238e-8], rel=1e-6)
    assert squash(found, 1e6).tolist() == pytest.approx([200.139, 209.377, 4.985], abs=1e-3)
    sky = one(f"{FOLDER}/gmm_16").info["config"]["classes"].index("sky")
    width, height = mixtures.grid
    depth = torch.full((1, height, width), 208.0)
    assert not density_target(mixtures, torch.full_like(depth, sky, dtype=torch.int64), depth).any()
