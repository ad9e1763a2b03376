"""Places of crops and the geometry of strong views survive the way from the loader, and maps follow them."""

import pytest
import torch
import torch.nn.functional as F

from mmseg.structures import Box, CropPlace, StrongGeometry, soft_crop


def place(**changes) -> CropPlace:
    given = {"native": (8, 16), "resized": (12, 24), "box": Box(2, 8, 3, 15), "crop": (6, 12), "flipped": False}
    return CropPlace(**{**given, **changes})


@pytest.mark.parametrize("flipped", [False, True])
def test_places_are_numbers(flipped):
    assert CropPlace.of(place(flipped=flipped).numbers()) == place(flipped=flipped)


@pytest.mark.parametrize(
    "geometry",
    [
        StrongGeometry(),
        StrongGeometry(flip=True, shear_x=0.1, shear_y=-0.21, translate_x=3, translate_y=-4, rotate=-9, cutout=(0, 1, 2, 3)),
        StrongGeometry(cutout=(0, 0, 0, 0)),
    ],
)
def test_geometries_are_numbers(geometry):
    assert StrongGeometry.of(geometry.numbers()) == geometry


@pytest.mark.parametrize("flipped", [False, True])
def test_soft_crops_are_those_of_the_enlarged_map(flipped):
    soft = torch.rand(5, 3, 4, generator=torch.Generator().manual_seed(0)).softmax(dim=0)
    enlarged = soft[None]
    for size in ((8, 16), (12, 24)):
        enlarged = F.interpolate(enlarged, size, mode="bilinear", align_corners=True)
    expected = enlarged[0, :, 2:8, 3:15]
    crop = soft_crop(soft, place(flipped=flipped))
    torch.testing.assert_close(crop, expected.flip(2) if flipped else expected)
    torch.testing.assert_close(crop.sum(dim=0), torch.ones(6, 12))


def test_padding_has_no_probability():
    crop = soft_crop(torch.ones(2, 3, 4) / 2, place(crop=(8, 16), flipped=True))
    assert (crop[:, :6, :12] == 0.5).all() and (crop[:, 6:] == 0).all() and (crop[:, :, 12:] == 0).all()
