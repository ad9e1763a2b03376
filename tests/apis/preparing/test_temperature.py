"""The temperature of a network: what is fitted, and what it makes of probabilities."""

import pytest
import torch

from mmseg.apis.predicting.temperature import tempered
from mmseg.apis.preparing.temperature import PIXELS, Sampled, drawn_pixels, evenly, fit_temperature, fitted
from mmseg.datasets.classes.names import IGNORE
from mmseg.models.uda.base import top_probability


def pixels(sharpness: float, count: int = 40_000) -> Sampled:
    """Labels that are drawn from the softmax of logits, which are then made ``sharpness`` times as large."""
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(count, 5, generator=generator)
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=generator)[:, 0]
    return Sampled(sharpness * logits, labels, 1)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_it_undoes_what_makes_a_network_too_sure(sharpness: float):
    sampled = pixels(sharpness)
    content = fitted(sampled, {})
    assert content["temperature"] == pytest.approx(sharpness, rel=0.03)
    assert content["loss"]["after"] <= content["loss"]["before"] and content["ECE"]["after"] < 1.0
    if sharpness == 3.0:
        assert content["ECE"]["before"] > 5


def test_no_other_temperature_fits_better():
    sampled = pixels(2.0, 5_000)
    value = fit_temperature(sampled)
    assert all(sampled.loss(value) < sampled.loss(factor * value) for factor in (0.97, 1.03))


def test_a_network_that_is_never_wrong_gets_the_smallest():
    assert fit_temperature(Sampled(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), 1)) == pytest.approx(0.05, rel=0.05)


def test_tempered_probabilities_are_those_of_divided_logits():
    logits = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(0)) * 3
    torch.testing.assert_close(tempered(logits.softmax(dim=0), 2.5), (logits / 2.5).softmax(dim=0))
    best = (logits / 2.5).softmax(dim=0).max(dim=0).values
    torch.testing.assert_close(top_probability(logits, are_logits=True, temperature=2.5), best)
    torch.testing.assert_close(top_probability(logits.softmax(dim=0), are_logits=False, temperature=2.5), best)


def test_probabilities_of_0_stay_there():
    assert tempered(torch.tensor([[[1.0]], [[0.0]]]), 0.5).flatten().tolist() == [1, 0]


def test_images_are_spread_evenly():
    assert evenly(10, 4) == [0, 2, 5, 7] and list(evenly(3, 10)) == [0, 1, 2]


def test_drawn_pixels_have_labels():
    label = torch.full((3 * PIXELS,), IGNORE, dtype=torch.uint8)
    label[PIXELS // 2 :] = 1
    drawn = drawn_pixels(label, 0, 0)
    assert len(drawn) == PIXELS == len(drawn.unique()) and (label[drawn] == 1).all()
    assert torch.equal(drawn, drawn_pixels(label, 0, 0)) and not torch.equal(drawn, drawn_pixels(label, 0, 1))
    assert len(drawn_pixels(label[: PIXELS // 2 + 5], 0, 0)) == 5
