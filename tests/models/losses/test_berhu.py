"""The reversed Huber loss: closed forms."""

from __future__ import annotations

import pytest
import torch

from mmseg.models.losses.berhu import berhu


def of(*differences: float, valid: list[bool] | None = None) -> torch.Tensor:
    difference = torch.tensor(differences).view(1, 1, 1, -1).requires_grad_()
    return berhu(difference, torch.zeros_like(difference), None if valid is None else torch.tensor(valid).view(1, 1, 1, -1))


def test_linear_below_and_quadratic_above():
    """d = (0, 1, 5): c = 1, values (0, 1, 13)."""
    assert of(0.0, 1.0, 5.0).item() == pytest.approx(14 / 3)


def test_continuous_at_the_bound():
    below, above = of(1.0, 5.0).item(), of(1.0 + 1e-4, 5.0).item()
    assert above == pytest.approx(below, abs=1e-4)


def test_nothing_to_learn():
    difference = torch.zeros(1, 1, 2, 2, requires_grad=True)
    loss = berhu(difference, torch.zeros(1, 1, 2, 2))
    loss.backward()
    assert loss == 0 and not difference.grad.any()


def test_pixels_that_do_not_count():
    """They change neither the bound nor the mean, and get no gradient."""
    assert of(0.0, 1.0, 5.0, 100.0, valid=[True, True, True, False]).item() == pytest.approx(14 / 3)
    prediction = torch.tensor([3.0, 7.0]).view(1, 1, 1, 2).requires_grad_()
    target = torch.tensor([0.0, float("inf")]).view(1, 1, 1, 2)
    berhu(prediction, target, torch.tensor([True, False]).view(1, 1, 1, 2)).backward()
    assert prediction.grad.isfinite().all() and prediction.grad[0, 0, 0, 1] == 0
    assert of(1.0, valid=[False]) == 0
