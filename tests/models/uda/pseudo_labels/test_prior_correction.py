"""The teacher's logits corrected for class priors, of a file or estimated on the way."""

from __future__ import annotations

import json

import pytest
import torch

from mmseg.datasets.statistics.class_priors import log_ratio
from mmseg.models.uda.pseudo_labels.prior_correction import PriorCorrection, running_log_ratio
from mmseg.registry import MODELS
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from tests.models.networks import plain

SOURCE, TARGET, IMAGES = [40, 20, 20, 10, 10], [10, 20, 5, 40, 5], 50


@pytest.fixture
def priors(tmp_path) -> str:
    header = {"version": 1, "kind": "priors", "made_by": "a test", "digest": None, "checkpoint": None, "images_digest": ""}
    source = {"counts": SOURCE, "pixel_frequency": [0.2] * 5}
    content = {**header, "classes": list("abcde"), "images": IMAGES, "complete": True, "source": source, "target": {"counts": TARGET}}
    path = tmp_path / "priors.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_the_priors_of_the_file(priors):
    logits = torch.randn(2, 5, 6, 6)
    expected = torch.from_numpy(log_ratio(SOURCE, TARGET)).float()
    for tau in (1.0, 0.5):
        stage = PriorCorrection(priors=priors, tau=tau)
        assert torch.allclose(stage.on_logits(logits, None) - logits, tau * expected[:, None, None].expand_as(logits), atol=1e-5)
        assert torch.equal(stage.shown, torch.tensor(TARGET) / IMAGES)  # not estimated unless it is asked for


def test_the_estimate_is_an_exponential_average(priors):
    """Every crop shows one class alone, the second of two another one."""
    stage = PriorCorrection(priors=priors, momentum=0.9)
    logits = torch.zeros(2, 5, 4, 4)
    logits[0, 1], logits[1, 3] = 20, 20
    seen, shown = torch.tensor([0, 0.5, 0, 0.5, 0]), torch.tensor(TARGET) / IMAGES
    for _ in range(3):
        shown = 0.9 * shown + 0.1 * seen
        corrected = stage.on_logits(logits, None)
        assert torch.allclose(stage.shown, shown)
        assert torch.allclose(
            corrected - logits, running_log_ratio(torch.tensor(SOURCE), shown, 4.0)[:, None, None].expand_as(logits), atol=1e-5
        )


def test_a_lost_class_is_bounded():
    ratio = running_log_ratio(torch.tensor([1.0, 1.0, 0.0]), torch.tensor([1.0, 0.0, 5.0]), 2.0)
    assert ratio.tolist() == pytest.approx([torch.tensor(1 / 6 / 0.5).log().item(), -2.0, 0.0])


def test_priors_of_other_classes(priors):
    with pytest.raises(UserError, match="holds the priors of 5 classes, but the network has 4"):
        PriorCorrection(priors=priors).on_logits(torch.zeros(1, 4, 2, 2), None)


def method_of(labeling: list[dict]):
    return MODELS.build({"type": "DACS", "segmentor": plain(), "labeling": labeling})


def test_a_training_keeps_the_estimate(priors):
    labeling = [{"type": "PriorCorrection", "priors": priors, "momentum": 0.5}, {"type": "ConfidenceShare", "threshold": 0.9}]
    method = method_of(labeling)
    method.init_weights()
    image, label = torch.randn(2, 3, 64, 64), torch.randint(0, 5, (2, 64, 64))
    batch = UDABatch(image, label, image, None, source_classes=[[0, 1], [2]])
    step = method.train().context(batch, 0)
    before = method.state_dict()["labeling_1.0.shown"].clone()
    pseudo = step.pseudo_labels(method.teachers[0])
    assert pseudo.labels.shape == label.shape
    state = method.state_dict()
    assert not torch.equal(state["labeling_1.0.shown"], before)
    other = method_of(labeling)
    other.load_state_dict(state)
    assert torch.equal(other.state_dict()["labeling_1.0.shown"], state["labeling_1.0.shown"])
    plain_labels = method_of([]).train()
    plain_labels.load_state_dict({key: value for key, value in state.items() if not key.startswith("labeling")})
    assert (plain_labels.context(batch, 0).pseudo_labels(plain_labels.teachers[0]).labels != pseudo.labels).any()
