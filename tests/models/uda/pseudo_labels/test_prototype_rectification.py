"""Prototypes of the teacher's own features: how they follow it, when they correct it, what learns and what is saved."""

import pytest
import torch
from torch import Tensor

from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels, TargetContext
from mmseg.models.uda.pseudo_labels.prototype_rectification import PrototypeRectification, class_means
from mmseg.models.uda.self_labelling.prototypes import prototype_logits
from mmseg.structures import SegOutput, UDABatch
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams
from tests.models.uda.test_methods import build, run_step

LEARNING = {"samples": 16, "memory": 48}


def stage(**options) -> PrototypeRectification:
    return PrototypeRectification(**{"num_classes": 2, "channels": 2, "start": 0, **options})


def context(embedding: Tensor, logits: Tensor, iteration: int = 0) -> TargetContext:
    image = torch.zeros(len(logits), 3, 8, 8)
    batch = UDABatch(image, image[:, 0].long(), image, source_classes=(0,))
    return TargetContext(batch, None, iteration, Streams(0, iteration), SegOutput(logits=logits, views=(), embedding=embedding))


def halves(rows: int = 8) -> tuple[Tensor, Tensor]:
    """Features (3, 0) above and (0, 5) below, and logits that say class 0 above and class 1 below."""
    embedding, logits = torch.zeros(1, 2, 8, 8), torch.zeros(1, 2, 8, 8)
    embedding[:, 0, : rows // 2], embedding[:, 1, rows // 2 :] = 3, 5
    logits[:, 0, : rows // 2], logits[:, 1, rows // 2 :] = 1, 1
    return embedding, logits


def test_means_of_few_pixels_are_left_out():
    embedding, logits = halves(2)  # eight pixels above
    assert class_means(embedding, logits.argmax(1), 3).tolist() == [[0, 0], [0, 5], [0, 0]]


def test_prototypes_are_directions_of_running_means():
    own = stage()
    embedding, logits = halves()
    own.on_logits(logits, context(embedding, logits))
    assert torch.equal(own.prototypes.average, torch.eye(2)) and own.means.tolist() == [[3, 0], [0, 5]]
    own.on_logits(logits, context(embedding.flip(1), logits))
    assert own.means.tolist() == [[1.5, 1.5], [2.5, 2.5]] and own.counts.tolist() == [2, 2]


def test_labels_are_those_of_the_product():
    own = stage(temperature=0.5)
    embedding, logits = halves()
    own.on_logits(logits, context(embedding, logits))
    looks_like_the_other = embedding.flip(1)
    corrected = own.on_logits(logits, context(looks_like_the_other, torch.zeros_like(logits), iteration=1))
    weights = prototype_logits(looks_like_the_other, own.prototypes.average, 0.5).softmax(1)
    product = logits.softmax(1) * weights
    assert torch.allclose(corrected.softmax(1), product / product.sum(1, keepdim=True), atol=1e-6)


def test_nothing_is_corrected_before_the_start():
    own = stage(start=2)
    embedding, logits = halves()
    for iteration in range(2):
        assert own.on_logits(logits, context(embedding, logits, iteration)) is logits
    assert not torch.equal(own.on_logits(logits, context(embedding, logits, 2)), logits)


def test_prototypes_learn_after_the_start_and_the_marginal_follows_before():
    own = stage(start=1, momentum=0.9, self_labelling={})
    embedding, logits = halves(4)
    own.on_logits(logits, context(embedding, logits))
    assert torch.allclose(own.labeller.marginal, torch.tensor([0.25, 0.75]))
    with torch.no_grad():
        own.prototypes.vectors += 1
    own.on_logits(logits, context(embedding, logits, 1))
    assert torch.allclose(own.prototypes.average, torch.eye(2) + 0.1)
    pseudo = own.on_labels(PseudoLabels.of(logits), context(embedding, logits, 1))
    assert torch.equal(pseudo.maps.labels, logits.argmax(1)) and pseudo.maps.embedding is embedding


def test_means_need_no_optimizer():
    assert not any(parameter.requires_grad for parameter in stage().parameters())
    assert [name for name, p in stage(self_labelling={}).named_parameters() if p.requires_grad] == ["prototypes.vectors"]


@pytest.mark.parametrize("learning", [None, LEARNING])
def test_under_hrda(learning, monkeypatch):
    """Labels change from the start on; prototypes learn where they are asked to, and their state is the method's."""
    labeling = [{"type": "PrototypeRectification", "start": 1, "self_labelling": learning}, {"type": "ConfidenceShare", "threshold": 0.1}]
    objectives = {} if learning is None else {"self_labelling": {"type": "SelfLabelling", "weight": 0.1}}
    method, plain = build(labeling=labeling, objectives=objectives), build(pseudo_threshold=0.968)
    for iteration in range(2):
        logs = run_step(method, monkeypatch, iteration)
        expected = run_step(plain, monkeypatch, iteration)
        same = torch.equal(logs.records["pseudo_label"], expected.records["pseudo_label"])
        assert same == (iteration == 0)
        assert ("self_labelling.loss_features" in logs) == (learning is not None and iteration == 1)
    state = method.state_dict()
    assert {"labeling_1.0.means", "labeling_1.0.prototypes.average"} <= state.keys()
    assert ("labeling_1.0.labeller.features.values" in state) == (learning is not None)
    if learning is not None:
        prototypes = method.teachers[0].stages[0].prototypes
        assert prototypes.vectors.grad.abs().sum() > 0 and not torch.equal(prototypes.vectors, prototypes.average)


def test_a_method_whose_prototypes_do_not_learn():
    with pytest.raises(UserError, match="SelfLabelling trains prototypes, and the teacher's stages have none that learn"):
        _ = build(objectives={"own": {"type": "SelfLabelling"}}).objectives
