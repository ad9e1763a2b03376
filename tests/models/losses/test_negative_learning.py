"""Negative learning in closed form, and where no class is unlikely."""

import pytest
import torch

from mmseg.models.losses.negative_learning import negative_learning


def logits_of(*probabilities: float) -> torch.Tensor:
    return torch.tensor(probabilities, dtype=torch.float64).log().view(1, -1, 1, 1)


@pytest.mark.parametrize(("probabilities", "expected"), [((0.94, 0.03, 0.03), 0.030458), ((0.96, 0.03, 0.01), 0.020254)])
def test_one_pixel(probabilities, expected):
    assert negative_learning(logits_of(*probabilities)).item() == pytest.approx(expected, abs=1e-6)


def test_one_mean_over_the_batch():
    """Entries count alike, however many their image has."""
    several, single = logits_of(0.94, 0.03, 0.03), logits_of(0.01, 0.5, 0.49)
    means = [negative_learning(several).item(), negative_learning(single).item()]
    assert negative_learning(torch.cat([several, single])).item() == pytest.approx((2 * means[0] + means[1]) / 3)


@pytest.mark.parametrize("classes", [2, 19])
def test_no_unlikely_class(classes):
    """Nothing to learn from, where the published loss and its gradient are not numbers."""
    logits = torch.zeros(1, classes, 3, 4, requires_grad=True)
    loss = negative_learning(logits)
    loss.backward()
    assert loss == 0 and not logits.grad.any()
    assert negative_learning(torch.zeros(1, 21, 1, 1)) > 0, "1 / 21 is below the threshold"


def test_unlikely_classes_become_less_likely():
    logits = logits_of(0.93, 0.06, 0.01).requires_grad_()
    negative_learning(logits).backward()
    assert logits.grad[0, 2] > 0 and logits.grad[0, 0] < 0


def test_low_precision():
    logits = (torch.randn(1, 19, 4, 4) * 3).bfloat16()
    assert torch.equal(negative_learning(logits), negative_learning(logits.float()))
