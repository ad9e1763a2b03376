"""Scores of networks that are known in closed form."""

import math

import pytest
import torch
from mmengine.config import Config

from mmseg.apis.choosing.scores import Counts, count, entropy, mask_of
from mmseg.utils.errors import NotFiniteError

SIZE = (8, 16)


def by_brightness(image: torch.Tensor) -> torch.Tensor:
    """Class 1 where the first channel is above 0, without a doubt: it looks at single pixels."""
    bright = (image[:, :1] > 0).float()
    return 1000 * torch.cat([1 - bright, bright], dim=1)


def by_side(image: torch.Tensor) -> torch.Tensor:
    """Class 1 in the right half of whatever it is shown."""
    right = torch.zeros(1, 1, *image.shape[2:])
    right[..., image.shape[3] // 2 :] = 1
    return 1000 * torch.cat([1 - right, right], dim=1)


def halves() -> torch.Tensor:
    """A bright upper half."""
    image = -torch.ones(1, 3, *SIZE)
    image[:, :, : SIZE[0] // 2] = 1
    return image


def test_entropy():
    assert entropy(torch.zeros(1, 7, 2, 3)).flatten().tolist() == pytest.approx([1] * 6)
    assert entropy(torch.tensor([0.0, -math.inf]).reshape(1, 2, 1, 1)).item() == 0
    expected = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75)) / math.log(2)
    assert entropy(torch.tensor([0.25, 0.75]).log().reshape(1, 2, 1, 1)).item() == pytest.approx(expected)


def test_a_network_of_single_pixels_contradicts_itself_where_they_are_hidden():
    image, masked = halves(), halves()
    masked[:, :, :2] = -1  # a quarter of the image
    scores = count(by_brightness, by_brightness, image, masked).scores
    assert scores == {"entropy": pytest.approx(0), "agreement": 100, "flip": 100, "scale": 100, "masked": 75}


def test_a_network_that_looks_at_places_contradicts_itself_in_the_mirror():
    scores = count(by_side, by_brightness, halves(), halves()).scores
    assert scores["flip"] == 0 and scores["masked"] == 100 and scores["agreement"] == 50


def test_without_a_teacher_there_is_no_agreement():
    assert count(by_side, None, halves(), halves()).scores["agreement"] is None


def test_counts_add_up():
    first, second = (count(network, None, halves(), halves()) for network in (by_side, by_brightness))
    both = first + second
    assert both.pixels == 2 * 128 and both.classes.tolist() == [128, 128] and both.scores["flip"] == 50


def test_the_change_of_class_shares():
    def shares(*classes: int) -> Counts:
        return Counts(sum(classes), 0.0, {}, torch.tensor(classes))

    assert shares(10, 0).change(shares(0, 20)) == 100
    assert shares(3, 1, 0).change(shares(30, 5, 5)) == pytest.approx(12.5)
    assert shares(3, 1).change(shares(6, 2)) == 0


def test_nan_is_no_score():
    with pytest.raises(NotFiniteError):
        count(lambda image: by_side(image) * math.nan, None, halves(), halves())
    with pytest.raises(NotFiniteError):  # of the teacher, where the student is well
        count(by_side, lambda image: by_side(image) * math.nan, halves(), halves())


def test_the_mask_is_that_of_the_training_or_of_mic():
    training = {"train_dataloader": {"dataset": {"source_crop": {"crop_size": (64, 64)}}}}
    own = mask_of(Config({"uda": {"mask_generator": {"type": "block", "mask_ratio": 0.5, "mask_block_size": 3}}, **training}))
    assert (own.mask_ratio, own.mask_block_size) == (0.5, 3)
    for uda in ({}, {"mask_generator": None}, {"mask_generator": {"type": "token"}}):
        mask = mask_of(Config({"uda": uda, **training}))
        assert (mask.mask_ratio, mask.mask_block_size) == (0.7, 4)
