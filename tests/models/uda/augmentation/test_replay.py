"""Maps that follow their crops and strong views, on maps whose values are their places."""

import pytest
import torch

from mmseg.models.uda.augmentation.place import crop_of_whole
from mmseg.models.uda.augmentation.replay import replay_index, replay_mask, replay_strong
from mmseg.structures import Box, CropPlace, StrongGeometry

PLACES = torch.arange(24).view(1, 1, 4, 6)


def replayed(stride: int = 1, quirks: bool = True, **geometry) -> torch.Tensor:
    bent = [StrongGeometry(**geometry)]
    return replay_strong(PLACES, bent, stride=stride, fill=-9, published_quirks=quirks)[0, 0]


def test_nothing_drawn_changes_nothing():
    assert torch.equal(replayed(), PLACES[0, 0])


def test_a_flip_mirrors():
    assert torch.equal(replayed(flip=True), PLACES[0, 0].flip(1))


def test_a_translation_moves_down_and_fills():
    assert torch.equal(replayed(translate_y=-4, stride=4), torch.cat([torch.full((1, 6), -9), PLACES[0, 0, :3]]))


def test_a_horizontal_translation_is_published_as_a_share_of_the_height():
    """Two pixels of 6 columns and 4 rows become three."""
    assert replayed(translate_x=2)[0].tolist() == [3, 4, 5, -9, -9, -9]
    assert replayed(translate_x=2, quirks=False)[0].tolist() == [2, 3, 4, 5, -9, -9]


def test_translations_are_published_rounded_down():
    assert replayed(translate_y=3, stride=4)[0, 0] == 0
    assert replayed(translate_y=-1, stride=4)[0, 0] == -9
    assert replayed(translate_y=3, stride=4, quirks=False)[0, 0] == 6


def test_half_a_turn():
    assert torch.equal(replayed(rotate=180), PLACES[0, 0].flip(0, 1))


def test_the_cutout_ends_with_its_last_pixel_but_for_the_published_one():
    ends = (1, 0, 3, 2)
    assert (replayed(cutout=ends) == -9).nonzero().tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert (replayed(cutout=ends, quirks=False) == -9).sum() == 3 * 3


def test_the_mask_knows_values_that_look_like_padding():
    """The published code takes -1 for padding."""
    values = torch.full((1, 1, 4, 6), -1.0)
    bent = [StrongGeometry(translate_y=1)]
    assert replay_strong(values, bent, stride=1, fill=250)[0, 0, :, 0].tolist() == [-1, -1, -1, 250]
    assert replay_mask(bent, (4, 6), stride=1)[0, 0, :, 0].tolist() == [True, True, True, False]


def test_gradients_reach_what_is_shown():
    values = torch.zeros(1, 2, 4, 6, requires_grad=True)
    replay_strong(values, [StrongGeometry(translate_y=1)], stride=1, fill=0).sum().backward()
    assert values.grad[0, :, 0].sum() == 0 and (values.grad[0, :, 1:] == 1).all()


def test_images_are_bent_one_by_one():
    index = replay_index([StrongGeometry(), StrongGeometry(flip=True)], (4, 6), stride=1)
    assert torch.equal(index[0], PLACES[0, 0]) and torch.equal(index[1], PLACES[0, 0].flip(1))


@pytest.mark.parametrize("flipped", [False, True])
def test_a_crop_of_a_whole_map(flipped):
    """The map has the stride of the result already."""
    place = CropPlace(native=(8, 12), resized=(8, 12), box=Box(3, 7, 4, 10), crop=(4, 6), flipped=flipped)
    crop = crop_of_whole(PLACES.float(), [place], size=(2, 3))[0, 0]
    expected = PLACES[0, 0, 1:3, 2:5]  # row 3 / 2 is rounded down
    assert torch.equal(crop, (expected.flip(1) if flipped else expected).float())


def test_padded_crops_of_a_whole_map():
    place = CropPlace(native=(8, 12), resized=(8, 12), box=Box(0, 8, 0, 12), crop=(10, 16), flipped=False)
    crop = crop_of_whole(PLACES.float() + 1, [place], size=(5, 8))[0, 0]
    assert torch.equal(crop[:4, :6], PLACES[0, 0].float() + 1) and (crop[4:] == 0).all() and (crop[:, 6:] == 0).all()
