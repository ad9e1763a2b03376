"""Windows averaged as logits or as probabilities: by hand, for one network and for HRDA with all of its outputs."""

import pytest
import torch

from mmseg.apis.predicting.inference_modes import describe_inference
from mmseg.models.segmentors.shared_windows import BRANCHES
from mmseg.models.segmentors.window_averages import averaged
from mmseg.registry import MODELS
from mmseg.structures import Box, average_windows, crop_windows
from mmseg.utils.errors import UserError
from tests.models.networks import hrda, plain
from tests.models.test_shared_windows import SLIDE, nested, network, picture, with_statistics

BOXES = [Box(0, 2, 0, 3), Box(0, 2, 1, 4)]
PROBABILITIES = {**SLIDE, "average": "probabilities"}


def test_two_windows_by_hand():
    """0.9 of the first class here, 0.3 there: 0.6 on average; as logits, the root of the odds 9 * 3 / 7."""
    here, there = (torch.tensor([share, 1 - share]).log().view(1, 2, 1, 1).expand(1, 2, 2, 3) for share in (0.9, 0.3))
    vote = averaged(iter([here, there]), BOXES, (2, 4), [(2, "probabilities")]).softmax(dim=1)
    torch.testing.assert_close(vote[0, 0, 0], torch.tensor([0.9, 0.6, 0.6, 0.3]))
    odds = (9 * 3 / 7) ** 0.5
    mean = averaged(iter([here, there]), BOXES, (2, 4), [(2, "logits")]).softmax(dim=1)
    torch.testing.assert_close(mean[0, 0, 0], torch.tensor([0.9, odds / (1 + odds), odds / (1 + odds), 0.3]))


def test_one_window_keeps_its_probabilities():
    logits = torch.randn(2, 5, 2, 4)
    said = averaged([logits], [Box(0, 2, 0, 4)], (2, 4), [(5, "probabilities")])
    torch.testing.assert_close(said.softmax(dim=1), logits.softmax(dim=1))


def test_a_class_that_no_window_sees_stays_finite():
    logits = torch.tensor([200.0, -200.0]).view(1, 2, 1, 1).expand(1, 2, 2, 3)
    said = averaged([logits, logits], BOXES, (2, 4), [(2, "probabilities")])
    assert said.isfinite().all() and torch.equal(said.softmax(dim=1)[:, 0], torch.ones(1, 2, 4))


def test_logits_are_averaged_as_before():
    windows = [torch.randn(1, 3, 2, 3) for _ in BOXES]
    assert torch.equal(averaged(windows, BOXES, (2, 4), [(3, "logits")]), average_windows(windows, BOXES, 2, 4))


def test_several_maps_are_averaged_each_in_its_way():
    windows = [torch.randn(1, 4, 2, 3) for _ in BOXES]
    both = averaged(windows, BOXES, (2, 4), [(3, "probabilities"), (1, "logits")])
    torch.testing.assert_close(both[:, 3:], average_windows([window[:, 3:] for window in windows], BOXES, 2, 4))
    torch.testing.assert_close(both[:, :3], averaged([window[:, :3] for window in windows], BOXES, (2, 4), [(3, "probabilities")]))


@torch.no_grad()
def test_a_network_votes():
    torch.manual_seed(0)
    model = with_statistics(MODELS.build({**plain(), "test_cfg": PROBABILITIES}))
    image = picture(64, 128)
    boxes = model.outer_windows(64, 128)
    windows = model.encode_decode(crop_windows(image, boxes)).softmax(dim=1).split(len(image))
    torch.testing.assert_close(model.inference(image).softmax(dim=1), average_windows(windows, boxes, 64, 128))
    model.test_cfg = SLIDE
    assert not torch.allclose(model.inference(image).softmax(dim=1), average_windows(windows, boxes, 64, 128))


@pytest.mark.parametrize("size", [(64, 128), (67, 101)])
@torch.no_grad()
def test_all_outputs_of_hrda(size):
    """Shared windows as nested ones; the attention stays a mean."""
    model, usual, image = network(test_cfg=PROBABILITIES), network(), picture(*size)
    looks = model.inference_branches(image, BRANCHES)
    for branch in BRANCHES:
        torch.testing.assert_close(looks[branch], nested(model, image, branch), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(looks["ATT"], usual.inference(image, "ATT"))
    assert not torch.allclose(looks["fused"].softmax(dim=1), usual.inference(image).softmax(dim=1))


@torch.no_grad()
def test_a_whole_image_is_no_window():
    model, image = MODELS.build(hrda(test_cfg={"mode": "whole", "average": "probabilities"})).eval(), picture(64, 64)
    torch.testing.assert_close(model.inference(image), model.encode_decode(image, "fused"))


def test_it_is_said():
    assert "logits averaged" in describe_inference(SLIDE) and "probabilities averaged" in describe_inference(PROBABILITIES)


def test_another_word():
    with pytest.raises(UserError, match=r"test_cfg\.average is 'votes'\. It should be 'logits' or 'probabilities'"):
        MODELS.build({**plain(), "test_cfg": {**SLIDE, "average": "votes"}})
