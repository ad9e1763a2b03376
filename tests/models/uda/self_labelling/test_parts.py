"""Prototypes, memory, rectification, samples and their losses on tiny tensors."""

import math

import pytest
import torch

from mmseg.models.losses.distillation import divergence, published_distillation
from mmseg.models.losses.pixel_contrast import pixel_contrast
from mmseg.models.losses.self_labelling import prototype_consistency, self_labelling_loss
from mmseg.models.losses.symmetric_cross_entropy import mean_cross_entropy, reverse_cross_entropy, symmetric_cross_entropy
from mmseg.models.uda.self_labelling.class_balance import class_counts, class_shares, draw_by_class, draw_uniform, moving_marginal
from mmseg.models.uda.self_labelling.memory import UNKNOWN, Memory
from mmseg.models.uda.self_labelling.prototypes import MOST, PrototypeBank, prototype_logits, running_mean
from mmseg.models.uda.self_labelling.rectification import rectify


def test_rectification():
    soft, weights = (torch.tensor(values).view(1, 2, 1, 1) for values in ((0.6, 0.4), (0.2, 0.8)))
    labels, confidence = rectify(soft, weights)
    assert labels.item() == 1 and confidence.item() == pytest.approx(0.7273, abs=1e-4)
    assert rectify(soft, weights, 0.74)[0].item() == 255 and rectify(soft, weights, 0.72)[0].item() == 1


def test_symmetric_cross_entropy():
    logits, label = torch.tensor([0.9, 0.1]).log().view(1, 2, 1, 1), torch.zeros(1, 1, 1, dtype=torch.int64)
    assert reverse_cross_entropy(logits, label).item() == pytest.approx(0.921034, rel=1e-5)
    assert mean_cross_entropy(logits, label).item() == pytest.approx(0.105361, rel=1e-5)
    assert symmetric_cross_entropy(logits, label, 0.1, 1.0).item() == pytest.approx(0.931570, rel=1e-5)
    assert symmetric_cross_entropy(logits, torch.full_like(label, 255), 0.1, 1.0).item() == 0


def test_moving_marginal():
    moved = moving_marginal(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0]), 0.999)
    assert moved.tolist() == pytest.approx([0.5005, 0.4995])


def test_running_mean_counts_vectors_up_to_a_limit():
    mean, count = running_mean(torch.tensor([1.0, 0.0]), torch.tensor(1.0), torch.tensor([0.0, 1.0]))
    assert mean.tolist() == [0.5, 0.5] and count == 2
    mean, count = running_mean(torch.tensor([1.0]), torch.tensor(float(MOST)), torch.tensor([3002.0]))
    assert mean.item() == pytest.approx((MOST * 1 + 3002) / (MOST + 1)) and count == MOST


def test_prototypes_follow_their_average():
    bank = PrototypeBank(num_classes=2, channels=2)
    bank.start(torch.tensor([[3.0, 0.0], [0.0, 5.0]]))
    assert torch.equal(bank.vectors, torch.eye(2)) and torch.equal(bank.average, torch.eye(2))
    with torch.no_grad():
        bank.vectors += 1
    bank.follow(0.9)
    assert torch.allclose(bank.average, torch.eye(2) + 0.1)
    bank.follow(0)
    assert torch.equal(bank.average, bank.vectors)


def test_prototype_logits_are_cosines():
    features = torch.tensor([2.0, 0.0, 0.0, 7.0, 1.0, 1.0]).view(1, 3, 2, 1).permute(0, 2, 1, 3)
    logits = prototype_logits(features, torch.tensor([[5.0, 0.0], [0.0, 1.0]]), 0.5)
    root = math.sqrt(0.5)
    assert logits[0, :, :, 0].flatten().tolist() == pytest.approx([2, 0, 2 * root, 0, 2, 2 * root])


def test_prototypes_are_compared_in_float32_whatever_the_training():
    generator = torch.Generator().manual_seed(0)
    features, prototypes = (torch.randn(*size, generator=generator) for size in ((1, 8, 3, 3), (4, 8)))
    exact = prototype_logits(features, prototypes, 0.08)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(prototype_logits(features, prototypes, 0.08), exact)
        assert (prototypes @ prototypes.t()).dtype == torch.bfloat16


def test_the_memory_forgets_the_oldest_and_counts_when_full():
    memory = Memory(size=5, width=1)
    for first in (0.0, 10.0, 20.0):
        memory.push(torch.tensor([[first], [first + 1]]), torch.full((2,), int(first)))
        assert memory.full == (first == 20)
    assert memory.newest_first(memory.values).flatten().tolist() == [20, 21, 10, 11, 0]
    assert memory.newest_first(memory.labels).tolist() == [20, 20, 10, 10, 0]
    memory.push(torch.zeros(1, 1))
    assert memory.newest_first(memory.values).flatten().tolist() == [0, 20, 21, 10, 11]


def test_a_new_memory_has_no_labels():
    assert Memory(size=2, width=3).labels.tolist() == [UNKNOWN] * 2


def test_uniform_samples_are_distinct():
    drawn = draw_uniform(10, 10, torch.Generator().manual_seed(0))
    assert sorted(drawn.tolist()) == list(range(10))


@pytest.mark.parametrize("samples", [1, 7, 10, 50, 99])
def test_samples_by_class_have_the_shares_of_the_image(samples):
    labels = torch.tensor([0] * 60 + [1] * 25 + [2] * 5 + [255] * 10)
    shares = class_shares(labels, 3)
    assert torch.allclose(shares, torch.tensor([60.0, 25, 5]) / 90)
    wanted = class_counts(shares, samples)
    drawn = draw_by_class(labels, samples, 3, torch.Generator().manual_seed(samples))
    assert len(set(drawn.tolist())) == samples
    found = torch.bincount(labels[drawn], minlength=256)
    assert found[255] == max(samples - 90, 0)
    assert ((found[:3] - wanted).abs() <= (wanted.sum() - samples).abs()).all() or samples > 90


def test_samples_of_an_image_without_labels():
    assert len(draw_by_class(torch.full((4,), 255), 3, 2, torch.Generator().manual_seed(0))) == 3


def test_consistency_of_identical_views_is_zero():
    logits = torch.randn(2, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    seen = torch.ones(2, 1, 2, 2, dtype=torch.bool)
    assert prototype_consistency(logits.softmax(1), logits, seen).item() == pytest.approx(0, abs=1e-7)
    other = logits.flip(1)
    expected = torch.nn.functional.kl_div(other.log_softmax(1), logits.softmax(1), reduction="none").mean()
    assert prototype_consistency(logits.softmax(1), other, seen).item() == pytest.approx(expected.item())
    assert prototype_consistency(logits.softmax(1), other, ~seen).item() == 0


def test_an_own_assignment_costs_its_entropy():
    logits = torch.tensor([[1.0, 2.0, 0.0]])
    probability = logits.softmax(1)
    entropy = -(probability * probability.log()).sum()
    assert self_labelling_loss(probability, logits).item() == pytest.approx(entropy.item())


def test_contrast_of_one_positive_is_a_cross_entropy():
    anchors, memory = torch.tensor([[1.0, 0.0]]), torch.eye(2)
    expected = -math.log(math.e / (math.e + 1)) / (1 + 1e-5)
    assert pixel_contrast(anchors, torch.tensor([4]), memory, torch.tensor([4, 5]), 1.0).item() == pytest.approx(expected)
    assert pixel_contrast(anchors, torch.tensor([9]), memory, torch.tensor([4, 5]), 1.0).item() == 0


def test_distillation_of_uniform_predictions():
    flat = torch.zeros(1, 19, 2, 2)
    assert published_distillation(flat, flat).item() == pytest.approx(-0.157741, abs=1e-6)
    assert divergence(flat, flat).item() == 0
