"""FADA and classifier rectification in closed form."""

from __future__ import annotations

import math

import pytest
import torch

from mmseg.models.losses.class_alignment import SOURCE, TARGET, domain_cross_entropy, soft_labels
from mmseg.registry import MODELS, OBJECTIVES
from mmseg.utils.errors import UserError
from tests.models.networks import hrda, plain
from tests.tiny import ROOT

PRIORS = str(ROOT / "configs" / "label_shift" / "priors" / "gta2cs_original_head.json")


def test_soft_labels_are_cut_and_not_normalised():
    logits = torch.tensor([0.95, 0.05]).log()[None, :, None, None]
    assert soft_labels(logits, 1.0, 0.9).flatten().tolist() == pytest.approx([0.9, 0.05])
    assert soft_labels(torch.tensor([2.0, 0.0])[None, :, None, None], 1.8, 0.9).flatten().tolist() == pytest.approx(
        [0.75234, 0.24766], abs=1e-5
    )


def test_a_discriminator_that_knows_nothing():
    soft = torch.tensor([0.9, 0.05])[None, :, None, None].expand(1, 2, 3, 3)
    nothing = torch.zeros(1, 4, 3, 3)
    cost = domain_cross_entropy(nothing, soft, SOURCE).mean().item()
    assert cost == pytest.approx(0.95 * math.log(4), rel=1e-6) == pytest.approx(1.316980, abs=1e-6)
    assert 0.5 * domain_cross_entropy(nothing, soft, TARGET).mean().item() == pytest.approx(0.658490, abs=1e-6)


def test_swapped_halves_swap_the_domains():
    answer, soft = torch.randn(2, 6, 4, 4), torch.rand(2, 3, 4, 4)
    swapped = torch.cat(answer.chunk(2, dim=1)[::-1], dim=1)
    assert torch.allclose(domain_cross_entropy(answer, soft, SOURCE), domain_cross_entropy(swapped, soft, TARGET))


def test_the_mean_over_labelled_pixels():
    logits, label = torch.randn(2, 4, 3, 5), torch.randint(0, 4, (2, 3, 5))
    label[0, 0] = 255
    losses = [MODELS.build({"type": "CrossEntropyLoss", "avg_non_ignore": value})(logits, label).item() for value in (False, True)]
    assert losses[0] == pytest.approx(losses[1] * 25 / 30)
    warm = MODELS.build({"type": "CrossEntropyLoss", "temperature": 1.8})(logits, label)
    assert warm.item() == pytest.approx(MODELS.build({"type": "CrossEntropyLoss"})(logits / 1.8, label).item())
    nothing = MODELS.build({"type": "CrossEntropyLoss", "avg_non_ignore": True})(logits, torch.full_like(label, 255))
    assert nothing.item() == 0


def rectification(segmentor: dict, trained: list[str]):
    return MODELS.build({"type": "ClassifierRectification", "segmentor": segmentor, "priors": PRIORS, "trained": trained})


def with_classes(segmentor: dict, number: int) -> dict:
    return {**segmentor, "decode_head": {**segmentor["decode_head"], "num_classes": number}}


def test_only_the_shared_classifier_of_hrda_is_trained():
    method = rectification(with_classes(hrda(hr_loss_weight=0.1), 19), ["decode_head.head.conv_seg"]).train()
    assert [name for name, value in method.model.named_parameters() if value.requires_grad] == [
        f"decode_head.head.conv_seg.{kind}" for kind in ("weight", "bias")
    ]
    training = [name for name, module in method.model.named_modules() if module.training]
    assert training == ["decode_head.head.conv_seg"]
    assert method.rectified and not method.eval().model.decode_head.head.conv_seg.training


def test_the_shift_reaches_all_logits_that_are_trained():
    """Of fused and detail view alike: shifted by a constant for all classes, the loss stays."""
    import numpy as np

    method = rectification(with_classes(hrda(hr_loss_weight=0.1, lr_loss_weight=0.1), 19), ["decode_head"])
    output = method.model(torch.randn(1, 3, 64, 64), np.random.default_rng(0))
    label = torch.randint(0, 19, (1, 64, 64))
    plain_loss, shifted = (method.model.loss(each, label) for each in (output, output.shifted(torch.full((19,), 2.5))))
    assert all(shifted[name].item() == pytest.approx(value.item(), rel=1e-5) for name, value in plain_loss.items())
    other = method.model.loss(output.shifted(torch.arange(19.0)), label)
    assert all(other[name] != value for name, value in plain_loss.items() if "loss" in name)


@pytest.mark.parametrize(
    ("trained", "classes", "words"),
    [
        (["decode_head.classifier"], 19, r"uda\.trained names 'decode_head\.classifier', which is no part"),
        (["decode_head.dropout"], 19, "which is no part of the network with weights"),
        (["decode_head"], 5, "holds the priors of 19 classes, but the network has 5"),
    ],
)
def test_a_stage_that_does_not_fit(trained, classes, words):
    with pytest.raises(UserError, match=words):
        rectification(with_classes(plain(), classes), trained)


def test_alignment_of_classes_needs_its_discriminator():
    method = MODELS.build({"type": "SourceOnly", "segmentor": plain()})
    step = method.context(batch=None, iteration=0)
    with pytest.raises(UserError, match=r"need a discriminator of classes.*Use uda\.type='FADA'"):
        OBJECTIVES.build({"type": "DiscriminateClasses", "domain": "source"})(step)
