"""How sure a prediction is."""

import pytest
import torch

from mmseg.models.uda.base import top_probability


def test_of_logits_it_is_the_largest_softmax():
    logits = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(0)) * 8
    torch.testing.assert_close(top_probability(logits, are_logits=True), logits.softmax(dim=0).max(dim=0).values)


def test_of_probabilities_it_is_the_largest():
    assert top_probability(torch.tensor([[[0.25]], [[0.75]]]), are_logits=False).item() == 0.75


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_huge_logits_are_sure(size: float):
    assert top_probability(torch.tensor([[[size]], [[size - 500]]]), are_logits=True).item() == 1
