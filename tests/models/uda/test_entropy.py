"""Entropy of predictions: closed forms, finite everywhere; the options of MinEnt."""

import math

import pytest
import torch

from mmseg.models.losses.entropy import entropy_loss, self_information
from mmseg.models.uda.pseudo_labels.prediction import level_weights
from mmseg.utils.errors import UserError


def probabilities(*values: float) -> torch.Tensor:
    """One pixel."""
    return torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0.25,) * 4, 1.0), ((1.0, 0.0, 0.0, 0.0), 0.0), ((0.5, 0.5, 0.0, 0.0), 0.5), ((0.5, 0.25, 0.25), 1.5 / math.log2(3))],
)
def test_closed_forms(values, expected):
    assert entropy_loss(probabilities(*values)).item() == pytest.approx(expected, abs=1e-6)


def test_is_the_mean_over_all_pixels_of_the_batch():
    sure, unsure = probabilities(1, 0, 0, 0), probabilities(*[0.25] * 4)
    batch = torch.cat([torch.cat([sure, sure, sure, unsure], dim=3)] * 2)
    assert entropy_loss(batch).item() == pytest.approx(0.25, abs=1e-6)


def test_self_information_sums_to_the_entropy_of_the_pixel():
    softmax = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0)).softmax(1)
    expected = torch.distributions.Categorical(softmax.movedim(1, -1)).entropy() / math.log(5)
    assert torch.allclose(self_information(softmax).sum(1), expected, atol=1e-6)


def test_a_probability_of_zero_has_a_finite_value_and_gradient():
    values = probabilities(1, 0, 0, 0).requires_grad_()
    entropy_loss(values).backward()
    assert torch.isfinite(values.grad).all()


def test_a_step_along_the_gradient_makes_predictions_more_confident():
    logits = torch.tensor([1.0, 0.5, 0.0]).view(1, -1, 1, 1).requires_grad_()
    loss = entropy_loss(logits.softmax(1))
    loss.backward()
    assert entropy_loss((logits - logits.grad).softmax(1)) < loss


def test_levels_without_a_prediction_or_without_main_are_refused():
    assert level_weights("lambda_ent", {"main": 0.1}) == {"main": 0.1}
    with pytest.raises(UserError, match="lambda_ent has no level 'mian'"):
        level_weights("lambda_ent", {"mian": 0.1})
    with pytest.raises(UserError, match=r"lambda_ent=.* has no weight for the main prediction"):
        level_weights("lambda_ent", {"aux": 0.1})
