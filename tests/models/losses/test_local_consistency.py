"""Local consistency and its boundaries in closed form, and without any boundary."""

import pytest
import torch

from mmseg.models.losses.consistency.local_consistency import discrepancy, local_consistency, semantic_boundary

HALVES = torch.tensor([0, 0, 1, 1]).expand(1, 4, 4)


def one_hot(label: torch.Tensor, classes: int = 3) -> torch.Tensor:
    return torch.nn.functional.one_hot(label, classes).permute(0, 3, 1, 2).float()


def test_two_halves():
    assert torch.allclose(discrepancy(one_hot(HALVES)), torch.tensor([0, 2 / 3, 2 / 3, 0]).expand(1, 4, 4))


@pytest.mark.parametrize("kind", ["l1", "kl"])
def test_constant_predictions_agree(kind):
    assert torch.allclose(discrepancy(torch.full((1, 4, 5, 6), 0.25), kind), torch.zeros(1, 5, 6), atol=1e-5)


def test_boundary_of_two_halves():
    """Between them, and along the border of the image, which is padded with class 0."""
    assert semantic_boundary(HALVES).int().tolist() == [[[0, 1, 1, 1]] * 4]


def test_what_the_laplacian_does_not_see():
    """A border of class 0; neighbours that cancel out. 255 is a number."""
    assert not semantic_boundary(torch.zeros(1, 4, 5, dtype=torch.int64)).any()
    cancel = torch.tensor([[[4, 6, 4], [6, 5, 4], [6, 4, 6]]])
    assert not semantic_boundary(cancel)[0, 1, 1]
    beside_255 = torch.zeros(1, 5, 5, dtype=torch.uint8)
    beside_255[0, 2, 2] = 255
    assert semantic_boundary(beside_255)[0, 1:4, 1:4].all() and semantic_boundary(beside_255).sum() == 9


def test_the_mean_is_over_labelled_boundary_pixels():
    logits = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    label = HALVES.clone()
    label[0, 1, 1] = 255
    counted = semantic_boundary(label) & (label != 255)
    expected = discrepancy(logits.softmax(1))[counted].mean()
    assert local_consistency(logits, label) == pytest.approx(expected.item()) and counted.any() and not counted[0, 1, 1]


@pytest.mark.parametrize("label", [torch.zeros(1, 4, 4, dtype=torch.int64), torch.full((1, 4, 4), 255)])
@pytest.mark.parametrize("kind", ["l1", "kl"])
def test_no_boundary(label, kind):
    """Nothing to learn from, where the published loss is not a number."""
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = local_consistency(logits, label, kind=kind)
    loss.backward()
    assert loss == 0 and not logits.grad.any()


def test_low_precision():
    logits = torch.randn(1, 3, 4, 4).bfloat16()
    assert torch.equal(local_consistency(logits, HALVES), local_consistency(logits.float(), HALVES))
