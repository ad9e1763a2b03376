"""The divergence of a student from a teacher: closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.models.losses.distillation import divergence


def logits(seed: int, *, grad: bool = False) -> Tensor:
    """[2, 5, 3, 4]."""
    return torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).requires_grad_(grad)


def test_it_is_the_cross_entropy_less_the_entropy():
    student, teacher = logits(0), logits(1)
    given = teacher.softmax(dim=1)
    cross = F.cross_entropy(student, given)
    entropy = -(given * given.log()).sum(dim=1).mean()
    assert torch.allclose(divergence(student, teacher), cross - entropy, atol=1e-12)


def test_two_classes_by_hand():
    """The teacher says 3 : 1, the student 1 : 1."""
    teacher = torch.tensor([math.log(3), 0.0]).view(1, 2, 1, 1)
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert divergence(torch.zeros(1, 2, 1, 1), teacher).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_where_both_say_the_same_nothing_is_learned(temperature):
    student = logits(0, grad=True)
    loss = divergence(student, student.detach() + 3.0, temperature=temperature)  # a constant changes no probability
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-12) and student.grad.abs().max() < 1e-12


def test_the_gradient_is_the_difference_of_the_softened_probabilities():
    """T² * (s - t) / T for each pixel, over their number: its size does not depend on T where the logits are small against it."""
    student, teacher, temperature = logits(0, grad=True), logits(1), 3.0
    divergence(student, teacher, temperature=temperature).backward()
    expected = temperature * ((student / temperature).softmax(dim=1) - (teacher / temperature).softmax(dim=1)) / (2 * 3 * 4)
    assert torch.allclose(student.grad, expected.detach(), atol=1e-12)


def test_a_high_temperature_compares_logits():
    """Hinton et al., section 2.1: T² KL -> half of the squared difference of the centred logits over K."""
    student, teacher = logits(0), logits(1)
    centred = [values - values.mean(dim=1, keepdim=True) for values in (student, teacher)]
    limit = (centred[0] - centred[1]).square().sum(dim=1).mean() / (2 * 5)
    assert divergence(student, teacher, temperature=1e4).item() == pytest.approx(limit.item(), rel=1e-3)


def test_ignored_pixels_count_neither_above_nor_below():
    student, teacher, weight = logits(0, grad=True), logits(1), torch.ones(2, 3, 4, dtype=torch.uint8)
    weight[0, :2] = 0
    loss = divergence(student, teacher, weight=weight)
    loss.backward()
    kept = weight.bool()
    alone = [values.detach().movedim(1, -1)[kept].T[None, :, None] for values in (student, teacher)]
    assert torch.allclose(loss.detach(), divergence(*alone), atol=1e-12)
    assert torch.equal(student.grad.abs().sum(dim=1) > 0, kept)
    assert divergence(logits(0), logits(1), weight=torch.zeros(2, 3, 4)).item() == 0


def test_weights_of_one_are_no_weights():
    student, teacher = logits(0), logits(1)
    weighted = divergence(student, teacher, weight=torch.ones(2, 3, 4, dtype=torch.float64))
    assert torch.allclose(weighted, divergence(student, teacher), atol=1e-12)
