"""Closed forms of the assignment with a class marginal."""

import pytest
import torch

from mmseg.models.uda.self_labelling.sinkhorn import balanced_assignment

PUBLISHED = {"epsilon": 0.05, "iterations": 3}
SCORES = torch.tensor([[0.2, 0.0], [0.15, 0.0], [0.1, 0.0], [0.05, 0.0]])


def test_equal_scores_give_the_marginal():
    marginal = torch.tensor([0.75, 0.25])
    assert torch.allclose(balanced_assignment(torch.zeros(4, 2), marginal, **PUBLISHED), marginal.expand(4, 2))


@pytest.mark.parametrize(
    ("iterations", "first", "mean"),
    [(3, (0.945990, 0.865653, 0.703299, 0.465818), 0.745190), (200, (0.947549, 0.869211, 0.709715, 0.473525), 0.75)],
)
def test_two_classes(iterations, first, mean):
    found = balanced_assignment(SCORES, torch.tensor([0.75, 0.25]), epsilon=0.05, iterations=iterations)
    assert found[:, 0].tolist() == pytest.approx(first, abs=5e-6)
    assert found[:, 0].mean().item() == pytest.approx(mean, abs=5e-6)


def test_samples_sum_to_one_and_classes_approach_their_shares():
    scores, marginal = torch.rand(64, 5, generator=torch.Generator().manual_seed(0)), torch.tensor([0.5, 0.3, 0.1, 0.06, 0.04])
    misses = []
    for iterations in (1, 3, 300):
        found = balanced_assignment(scores, marginal, epsilon=0.05, iterations=iterations)
        assert torch.allclose(found.sum(1), torch.ones(64), atol=1e-6)
        misses.append((found.mean(0) - marginal).abs().max().item())
    assert misses[0] > misses[1] > misses[2] and misses[2] < 1e-4


def test_a_constant_of_one_sample_changes_nothing_in_the_end():
    scores, marginal = torch.rand(8, 3, generator=torch.Generator().manual_seed(1)), torch.tensor([0.6, 0.3, 0.1])
    moved = scores.clone()
    moved[2] += 0.4
    both = [balanced_assignment(each, marginal, epsilon=0.05, iterations=500) for each in (scores, moved)]
    assert torch.allclose(*both, atol=1e-4)


def test_a_class_without_mass_is_left_out():
    scores = torch.rand(16, 3, generator=torch.Generator().manual_seed(2))
    found = balanced_assignment(scores, torch.tensor([0.7, 0.0, 0.3]), **PUBLISHED)
    assert torch.equal(found[:, 1], torch.zeros(16))
    assert torch.allclose(found[:, [0, 2]], balanced_assignment(scores[:, [0, 2]], torch.tensor([0.7, 0.3]), **PUBLISHED), atol=1e-6)


def test_scores_that_overflow_stay_finite():
    """exp(100 / 0.05) is far beyond float32."""
    found = balanced_assignment(torch.tensor([[100.0, 0.0], [99.98, 0.0], [0.0, 100.0]]), torch.tensor([0.5, 0.5]), **PUBLISHED)
    assert torch.isfinite(found).all() and torch.allclose(found.sum(1), torch.ones(3))


def test_remembered_samples_take_part_if_they_count():
    generator = torch.Generator().manual_seed(3)
    scores, remembered = torch.rand(6, 3, generator=generator), torch.rand(20, 3, generator=generator)
    marginal = torch.tensor([0.6, 0.3, 0.1])
    alone = balanced_assignment(scores, marginal, **PUBLISHED)
    together = balanced_assignment(torch.cat([scores, remembered]), marginal, **PUBLISHED)[:6]
    assert not torch.allclose(alone, together)
    for counted, expected in ((True, together), (False, alone)):
        found = balanced_assignment(scores, marginal, remembered=remembered, counted=torch.tensor(counted), **PUBLISHED)
        assert torch.allclose(found, expected, atol=1e-6)


def test_a_long_tail_is_found_by_its_own_marginal():
    """Scores that are biased towards the frequent class: balancing finds the rare one again, and equal shares cost the frequent one."""
    generator = torch.Generator().manual_seed(4)
    labels = (torch.arange(2000) % 50 == 0).long()  # 40 of 2,000 samples are of class 1
    scores = torch.stack([0.3 * (labels == 0), 0.3 * (labels == 1)], dim=1) + 0.05 * torch.randn(2000, 2, generator=generator)
    scores[:, 0] += 0.35

    def recall(assigned: torch.Tensor) -> list[float]:
        return [(assigned[labels == index] == index).float().mean().item() for index in (0, 1)]

    def balanced(*marginal: float) -> list[float]:
        return recall(balanced_assignment(scores, torch.tensor(marginal), epsilon=0.05, iterations=50).argmax(dim=1))

    plain, own, equal = recall(scores.argmax(dim=1)), balanced(0.98, 0.02), balanced(0.5, 0.5)
    assert plain[0] > 0.99 and plain[1] < 0.5
    assert own[0] > 0.99 and own[1] > 0.9
    assert equal[0] < 0.7 and equal[1] > 0.99
