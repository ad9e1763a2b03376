"""The steps of the photometric distortion in closed form, and how often they are taken."""

import numpy as np
import pytest

from mmseg.datasets.transforms import PhotoMetric, draw_photo_metric, photo_metric_distortion


def distorted(*pixels, **parameters) -> list[list[int]]:
    """BGR pixels after one distortion."""
    return photo_metric_distortion(np.array([pixels], np.uint8), PhotoMetric(**parameters))[0].tolist()


def test_no_step_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert np.array_equal(photo_metric_distortion(image, PhotoMetric()), image)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"brightness": 10.7}, [10, 110, 255]),  # fractions are cut off
        ({"brightness": -32.0}, [0, 68, 218]),
        ({"contrast": 1.5}, [0, 150, 255]),
        ({"contrast": 0.505}, [0, 50, 126]),
        ({"brightness": 10.0, "contrast": 0.5}, [5, 55, 127]),  # 255 is reached before it is halved
    ],
)
def test_brightness_and_contrast(parameters, expected):
    assert distorted([0, 100, 250], **parameters) == [expected]


def test_saturation():
    """B = G = 64, R = 128: H 0, S 255 / 2, V 128. B = G = V - S * V / 255; grey has no saturation to change."""
    assert distorted([64, 64, 128], [90, 90, 90], saturation=0.5) == [[96, 96, 128], [90, 90, 90]]
    assert distorted([64, 64, 128], [90, 90, 90], saturation=1.5) == [[32, 32, 128], [90, 90, 90]]
    assert distorted([100, 0, 0], saturation=1.5) == [[100, 0, 0]]


@pytest.mark.parametrize(("steps", "expected"), [(15, [0, 127, 255]), (-15, [127, 0, 255])])
def test_hue_turns_by_two_degrees_per_step(steps, expected):
    """30 degrees from red, in both directions, are half of green or blue (255 * 30 / 60)."""
    assert np.abs(np.subtract(distorted([0, 0, 255], hue=steps), [expected])).max() <= 1
    assert distorted([90, 90, 90], hue=steps) == [[90, 90, 90]]


def test_place_of_the_contrast():
    """S of B = G = 100, R = 250 is 153 and drops to 76. The factor takes V to 255 at once, or only at the end."""
    steps = {"contrast": 1.5, "saturation": 0.5}
    first = photo_metric_distortion(np.uint8([[[150, 150, 255]]]), PhotoMetric(saturation=0.5))[0].tolist()
    assert distorted([100, 100, 250], **steps) == first
    desaturated = distorted([100, 100, 250], saturation=0.5)[0]
    assert distorted([100, 100, 250], contrast_last=True, **steps) == [[min(int(value * 1.5), 255) for value in desaturated]]
    assert first != distorted([100, 100, 250], contrast_last=True, **steps)


def test_the_image_is_not_written_to_and_may_be_a_view():
    whole = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    before, parameters = whole.copy(), PhotoMetric(brightness=5.0, contrast=0.8, saturation=1.2, hue=7)
    of_view = photo_metric_distortion(whole[1:5, 2:7], parameters)
    assert np.array_equal(of_view, photo_metric_distortion(whole, parameters)[1:5, 2:7])
    assert np.array_equal(whole, before)


def test_draws_cover_the_published_ranges():
    rng = np.random.default_rng(0)
    drawn = [draw_photo_metric(rng) for _ in range(4000)]
    for name, low, high in (("brightness", -32, 32), ("contrast", 0.5, 1.5), ("saturation", 0.5, 1.5), ("hue", -18, 17)):
        values = [getattr(parameters, name) for parameters in drawn]
        given = [value for value in values if value is not None]
        assert len(given) / len(drawn) == pytest.approx(0.5, abs=0.03)
        assert min(given) == pytest.approx(low, abs=0.02 * (high - low)) and min(given) >= low
        assert max(given) == pytest.approx(high, abs=0.02 * (high - low)) and max(given) <= high
        assert np.mean(given) == pytest.approx((low + high) / 2, abs=0.05 * (high - low))
    assert np.mean([parameters.contrast_last for parameters in drawn]) == pytest.approx(0.5, abs=0.03)
