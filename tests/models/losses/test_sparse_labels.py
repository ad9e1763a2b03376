"""Cross entropy of labelled pixels alone, as target labels that are few are learnt."""

import pytest
import torch
import torch.nn.functional as F

from mmseg.models.losses.cross_entropy import CrossEntropyLoss

LOSS = CrossEntropyLoss(avg_non_ignore=True)


def crops(labelled: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, 4, 6, generator=generator)
    label = torch.full((48,), 255)
    label[torch.randperm(48, generator=generator)[:labelled]] = torch.randint(0, 5, (labelled,), generator=generator)
    return logits.requires_grad_(), label.view(2, 4, 6)


@pytest.mark.parametrize("labelled", [1, 7, 48])
def test_the_mean_is_over_labelled_pixels(labelled):
    logits, label = crops(labelled)
    assert LOSS(logits, label).item() == pytest.approx(F.cross_entropy(logits, label, ignore_index=255).item(), rel=1e-5)


def test_unlabelled_pixels_do_not_count():
    logits, label = crops(7)
    wider, more = torch.cat([logits, torch.randn(2, 5, 4, 3)], 3), torch.cat([label, torch.full((2, 4, 3), 255)], 2)
    assert LOSS(wider, more).item() == pytest.approx(LOSS(logits, label).item(), rel=1e-6)


def test_no_label_at_all():
    logits, label = crops(0)
    loss = LOSS(logits, label)
    loss.backward()
    assert loss == 0 and not logits.grad.any()
