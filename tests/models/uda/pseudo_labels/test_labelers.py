"""Labeling: closed forms of the stages, their order, what they may look at, and the shorthand that fills the list."""

import dataclasses

import pytest
import torch

from mmseg.models.uda import ConfidenceShare, IgnoreRows
from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, PseudoLabels, TargetContext, label_target
from mmseg.models.uda.pseudo_labels.shorthand import labeling_configs, with_threshold
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams

SHARE = {"type": "ConfidenceShare", "threshold": 0.968}
ROWS = {"type": "IgnoreRows", "top": 3, "bottom": 4}


def target(valid: torch.Tensor | None = None) -> TargetContext:
    image = torch.zeros(1, 3, 4, 4)
    batch = UDABatch(image, image[:, 0].long(), image, valid, source_classes=())
    return TargetContext(batch, torch.nn.Identity(), 7, Streams(3, 7))


def quarter_sure() -> torch.Tensor:
    """Logits [1, 2, 4, 4] of which a quarter of the pixels is sure of class 0; the others are at 1/2."""
    logits = torch.zeros(1, 2, 4, 4)
    logits[:, 0, :2, :2] = 10
    return logits


def test_weight_is_the_confident_share_except_in_the_margins():
    valid = torch.ones(1, 4, 4, dtype=torch.uint8)
    valid[:, :1] = 0
    pseudo = label_target(quarter_sure(), [ConfidenceShare(threshold=0.968)], target(valid))
    assert torch.equal(pseudo.weights[0].unique(), torch.tensor([0.0, 0.25])) and not pseudo.weights[0, 0].any()
    assert pseudo.confident_share == 0.25


def test_without_stages_every_pixel_counts():
    pseudo = label_target(quarter_sure(), [], target())
    assert torch.equal(pseudo.weights, torch.ones(1, 4, 4)) and pseudo.confident_share == 1


def test_confidence_is_the_probability_of_the_label():
    logits = torch.log(torch.tensor([0.2, 0.7, 0.1])).view(1, 3, 1, 1)
    pseudo = PseudoLabels.of(logits)
    assert pseudo.labels.item() == 1 and pseudo.confidence.item() == pytest.approx(0.7)


def test_rows_lose_their_weight():
    pseudo = label_target(quarter_sure(), [IgnoreRows(top=1, bottom=2)], target())
    assert pseudo.weights[0, :, 0].tolist() == [0, 1, 0, 0]


class Halve(LabelingStage):
    """Halves the weights."""

    def on_labels(self, pseudo, target):
        return dataclasses.replace(pseudo, weights=pseudo.weights / 2)


class Prefer(LabelingStage):
    """Makes one class more likely, by a draw of the step."""

    def __init__(self, label: int) -> None:
        self.label = label

    def on_logits(self, logits, target):
        bonus = torch.zeros(logits.shape[1])
        bonus[self.label] = 20 + target.streams.numpy("prefer").random()
        return logits + bonus.view(1, -1, 1, 1)


def test_a_row_has_to_be_left():
    label_target(quarter_sure(), [IgnoreRows(top=1, bottom=2)], target())
    with pytest.raises(UserError, match="leave out 2 and 2 rows of crops of 4, so no pseudo-label would count"):
        label_target(quarter_sure(), [IgnoreRows(top=2, bottom=2)], target())


def test_logits_are_corrected_before_labels_are_made_wherever_the_stage_stands():
    pseudo = label_target(quarter_sure(), [ConfidenceShare(threshold=0.968), Halve(), Prefer(1)], target())
    assert (pseudo.labels == 1).all() and (pseudo.weights == 0.5).all() and pseudo.confident_share == 1


def test_the_shorthand_fills_the_list():
    assert labeling_configs(None, threshold=0.968, top=0, bottom=0) == [SHARE]
    assert labeling_configs(None, threshold=0.968, top=3, bottom=4) == [SHARE, ROWS]
    assert labeling_configs(None, threshold=None, top=0, bottom=0) == []
    assert labeling_configs([ROWS], threshold=0.968, top=0, bottom=0) == [ROWS]


@pytest.mark.parametrize("changes", [{"threshold": 0.9}, {"top": 1}, {"bottom": 1}])
def test_two_answers_to_one_question_are_refused(changes):
    with pytest.raises(UserError, match="are both given"):
        labeling_configs([SHARE], **{"threshold": 0.968, "top": 0, "bottom": 0, **changes})


def test_the_masked_crops_may_have_another_threshold():
    assert with_threshold([SHARE, ROWS], 0.5) == [{**SHARE, "threshold": 0.5}, ROWS]
    assert with_threshold([SHARE, ROWS], None) == [ROWS]
