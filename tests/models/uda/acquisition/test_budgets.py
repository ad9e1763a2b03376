"""Picks per round, as published and of other sizes; what is no budget."""

import pytest

from mmseg.models.uda.acquisition.budgets import pixels_per_round, regions_per_round
from mmseg.utils.errors import UserError

CITYSCAPES = (1024, 2048)


@pytest.mark.parametrize(
    ("size", "share", "rounds", "radius", "expected"),
    [
        (CITYSCAPES, 0.022, 5, 1, 1026),
        (CITYSCAPES, 0.05, 5, 1, 2331),
        (CITYSCAPES, 0.022, 5, 9, 26),
        ((30, 30), 0.1, 1, 1, 10),
        ((30, 30), 0.5, 5, 1, 10),
        ((30, 30), 1.0, 1, 1, 100),
        ((30, 30), 1e-9, 5, 1, 1),
    ],
)
def test_regions(size, share, rounds, radius, expected):
    assert regions_per_round(size, share=share, rounds=rounds, radius=radius) == expected


def test_the_published_budget_is_hardly_exceeded():
    pixels = 9 * 5 * regions_per_round(CITYSCAPES, share=0.022, rounds=5, radius=1)
    assert pixels / (1024 * 2048) == pytest.approx(0.022016, abs=1e-6)


@pytest.mark.parametrize(("pixels", "published", "annotation"), [(40, 21, 8), (20, 11, 4), (1, 1, 1), (125, 64, 25)])
def test_pixels(pixels, published, annotation):
    """Published: 2.56 times as many, whatever the size of the image."""
    for size in (CITYSCAPES, (512, 512)):
        assert pixels_per_round(size, pixels=pixels, rounds=5) == published
        assert pixels_per_round(size, pixels=pixels, rounds=5, counted_at="annotation") == annotation


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, float("nan")])
def test_shares_that_are_no_budget(share):
    with pytest.raises(UserError, match="Use a share above 0 and up to 1"):
        regions_per_round(CITYSCAPES, share=share, rounds=5, radius=1)


@pytest.mark.parametrize(("pixels", "counted_at"), [(0, "annotation"), (0, "published"), (101, "annotation"), (40, "published")])
def test_pixels_that_are_no_budget(pixels, counted_at):
    with pytest.raises(UserError, match="of an image of 20x5 is not possible"):
        pixels_per_round((5, 20), pixels=pixels, rounds=1, counted_at=counted_at)
    assert pixels_per_round((5, 20), pixels=100, rounds=1, counted_at="annotation") == 100
    assert pixels_per_round((5, 20), pixels=39, rounds=1) == 100
