"""Every operation of the strong view, and its draws."""

import numpy as np
import pytest

from mmseg.datasets.transforms import Jitter, StrongDraw, draw_strong, strong_view
from mmseg.datasets.transforms.rand_augment import BENDS, COLORS, GREY, OPERATIONS
from mmseg.structures import StrongGeometry
from mmseg.utils.randomness import Streams

NOTHING = {"flip": False, "blur": False, "jitter": None, "steps": (), "cutout": (0, 0, 0, 0)}
OPTIONS = {"operations": 2, "strength": 10, "probability": 0.5, "color_jitter": (0.4,) * 4}


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(20, 200, (24, 36, 3), dtype=np.uint8)


def drawn(**changes) -> StrongDraw:
    return StrongDraw(**{**NOTHING, **changes})


def test_nothing_but_the_cutout(photo):
    """Its ends are painted, too."""
    view = strong_view(photo, drawn(cutout=(3, 5, 10, 12)))
    assert (view[5:13, 3:11] == GREY).all()
    view[5:13, 3:11] = photo[5:13, 3:11]
    assert np.array_equal(view, photo)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_does_something(photo, name):
    """But for the identity; the geometry has what moves pixels."""
    value = {"Rotate": -9, "TranslateX": 4, "TranslateY": -3}.get(name, 0.2) if name in BENDS else 5
    draw = drawn(steps=((name, value),))
    view = strong_view(photo, draw)
    assert view.shape == photo.shape and view.dtype == np.uint8
    changed = not np.array_equal(view[1:, 1:], photo[1:, 1:])
    assert changed == (name != "Identity")
    bends = {BENDS[name][0]: value} if name in BENDS else {}
    assert draw.geometry == StrongGeometry(cutout=(0, 0, 0, 0), **bends)


def test_flip_blur_and_jitter(photo):
    assert np.array_equal(strong_view(photo, drawn(flip=True))[1:, 1:], photo[:, ::-1][1:, 1:])
    assert strong_view(photo, drawn(blur=True))[1:, 1:].std() < 0.6 * photo.std()
    brighter = strong_view(photo, drawn(jitter=Jitter((("brightness", 1.2),))))
    assert np.array_equal(brighter[1:, 1:], (photo[1:, 1:] * 1.2).astype(np.uint8))


def test_translations_read_further_on(photo):
    view = strong_view(photo, drawn(steps=(("TranslateX", 4),)))
    assert np.array_equal(view[1:, :-4], photo[1:, 4:]) and (view[:, -4:] == GREY).all()


def test_the_last_of_two_counts():
    """A quirk of the published replay: the image is bent by both."""
    assert drawn(steps=(("ShearX", 0.1), ("ShearX", -0.2))).geometry.shear_x == -0.2


def test_fourteen_operations():
    assert len(OPERATIONS) == 14 and set(OPERATIONS) == {*COLORS, *BENDS}


def test_draws_stay_in_their_ranges():
    """Of 400 samples: coins are fair, levels from 1 to 9, the square has a third of the shorter side unless the border cuts it."""
    draws = [draw_strong(Streams(0, index), (60, 90), **OPTIONS) for index in range(400)]
    for share in (np.mean([draw.flip for draw in draws]), np.mean([draw.jitter is not None for draw in draws])):
        assert 0.4 < share < 0.6
    assert 0.85 < np.mean([len(draw.steps) for draw in draws]) < 1.15
    values = [(name, value) for draw in draws for name, value in draw.steps]
    assert {name for name, _ in values} == set(OPERATIONS)
    assert {value for name, value in values if name in COLORS} == set(range(1, 10))
    limits = {"Rotate": 27, "ShearX": 0.27, "ShearY": 0.27, "TranslateX": 24, "TranslateY": 16}
    for name, limit in limits.items():
        own = [value for other, value in values if other == name]
        assert min(own) < 0 < max(own) and max(map(abs, own)) <= limit + 1e-9
    for x0, y0, x1, y1 in (draw.cutout for draw in draws):
        assert 0 <= x0 < x1 <= 90 and 0 <= y0 < y1 <= 60 and x1 - x0 <= 20 and y1 - y0 <= 20


def test_the_same_streams_draw_the_same():
    assert draw_strong(Streams(1, 2), (60, 90), **OPTIONS) == draw_strong(Streams(1, 2), (60, 90), **OPTIONS)
    assert draw_strong(Streams(1, 2), (60, 90), **OPTIONS) != draw_strong(Streams(1, 3), (60, 90), **OPTIONS)
