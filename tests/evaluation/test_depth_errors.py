"""Errors of predicted depth: closed forms, what is not counted, and the way from a network to a result."""

import math

import numpy as np
import pytest
import torch

from mmseg.evaluation import IoUMetric
from mmseg.evaluation.depth_errors import NAMES, depth_error_sums, depth_scores, metres
from tests.models.uda.test_methods import DEPTH_HEAD, build, network


def z(*far: float) -> torch.Tensor:
    """Inverse depth of metres."""
    return (65536 / (torch.tensor(far) * 100 + 1)).view(1, -1)


def scores(predicted: torch.Tensor, true: torch.Tensor) -> dict[str, float]:
    return {name.removeprefix("depth."): value for name, value in depth_scores(depth_error_sums(predicted, true)).items()}


def test_metres():
    assert metres(z(1.0, 20.0, 300.0)).flatten().tolist() == pytest.approx([1.0, 20.0, 300.0], rel=1e-5)
    assert metres(torch.tensor([-3.0, 0.0, 1.0, 1e9])).tolist() == pytest.approx([655.35, 655.35, 655.35, 0.01])


def test_a_perfect_prediction():
    assert scores(z(1.0, 20.0), z(1.0, 20.0)) == pytest.approx(dict(zip(NAMES, (0, 0, 0, 0, 100, 100, 100), strict=True)))


def test_closed_forms():
    """10 m taken for 12 and 40 m for 20: 20 and 50 percent; 1.2 is within 1.25, a factor of 2 is beyond all three powers."""
    found = scores(z(12.0, 20.0), z(10.0, 40.0))
    expected = (35.0, (4 / 10 + 400 / 40) / 2, math.sqrt((4 + 400) / 2))
    logarithm = 100 * math.sqrt((math.log(1.2) ** 2 + math.log(2) ** 2) / 2)
    assert found == pytest.approx(dict(zip(NAMES, (*expected, logarithm, 50, 50, 50), strict=True)), rel=1e-4)
    assert [scores(z(10.0 * ratio), z(10.0))[f"delta{power}"] for ratio in (1.3, 1.6, 2.0) for power in (1, 2, 3)] == pytest.approx(
        [0, 100, 100, 0, 0, 100, 0, 0, 0]
    )


def test_sky_and_unknown_depth_are_not_counted():
    true = torch.cat([z(10.0), torch.tensor([[1.0, 0.0]])], dim=1)
    assert depth_error_sums(z(10.0, 1.0, 1.0), true)[0] == 1
    assert all(math.isnan(value) for value in scores(z(1.0), torch.zeros(1, 1)).values())


def test_images_are_pooled():
    metric = IoUMetric(classes=("a", "b"))
    label = torch.zeros(1, 2, dtype=torch.uint8)
    for predicted, true in ((z(12.0, 10.0), z(10.0, 10.0)), (z(10.0, 10.0), z(10.0, 10.0))):
        metric.process(None, [{"prediction": label, "label": label, "predicted_depth": predicted, "depth": true}])
    metric.process(None, [{"prediction": label, "label": label}])  # of an image without depth
    result = metric.evaluate(3)
    assert result["depth.rel"] == pytest.approx(5.0, rel=1e-4) and result["depth.delta1"] == 100 and result["mIoU"] == 100


def test_a_network_without_depth_has_no_errors():
    metric = IoUMetric(classes=("a", "b"))
    label = torch.zeros(1, 2, dtype=torch.uint8)
    metric.process(None, [{"prediction": label, "label": label}])
    assert not any(name.startswith("depth.") for name in metric.evaluate(1))


@pytest.mark.parametrize("units", ["raw", "normalized"])
def test_a_trained_network_says_its_depth(units):
    """At the native size, in z whatever the branch learns; without depth in the data nothing is computed."""
    method = build("DACS", segmentor=network(depth_head={**DEPTH_HEAD, "density": False}), depth={"units": units}).eval()
    data = {
        "image": torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8),
        "path": ["a", "b"],
        "native_size": torch.tensor([[96, 96], [96, 96]]),
        "label": torch.zeros(2, 96, 96, dtype=torch.uint8),
        "depth": torch.full((2, 96, 96), 100.0),
    }
    first, second = method.test_step(data)
    assert first["predicted_depth"].shape == second["depth"].shape == (96, 96)
    assert not torch.equal(first["predicted_depth"], second["predicted_depth"])
    assert units == "raw" or first["predicted_depth"].min() >= 1
    assert "predicted_depth" not in method.test_step({key: value for key, value in data.items() if key != "depth"})[0]
    assert "predicted_depth" not in build("DACS").eval().test_step(data)[0]
    assert np.isfinite(depth_error_sums(first["predicted_depth"], first["depth"])).all()
