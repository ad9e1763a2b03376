"""The picture of mixtures: a bright spot where the class is, by columns and rows, and by distance and rows."""

import math

import numpy as np
import torch

from mmseg.utils.products.mixture_file import MixtureParameters
from mmseg.visualization.colorize import heat
from mmseg.visualization.pictures.mixtures import COLUMN, DEPTH, draw_mixtures, plane

RAW = MixtureParameters(
    means=torch.tensor([[[10.0, 4.0, 300.0], [30.0, 8.0, 100.0]], [[0.0] * 3] * 2]),
    variances=torch.tensor([[[4.0, 1.0, 400.0], [9.0, 4.0, 400.0]], [[1.0] * 3] * 2]),
    weights=torch.tensor([[0.5, 0.5], [0.0, 0.0]]),
    units="raw",
    grid=(40, 12),
)


def shows(picture: np.ndarray, classes: int) -> None:
    """A picture uint8 [H, W, 3] in which there are two maps per class, each from its lowest to its highest colour."""
    bright, dark = (heat(np.array([[value]]))[0, 0][::-1] for value in (1.0, 0.0))
    assert (picture == bright).all(axis=2).sum() >= 2 * classes and (picture == dark).all(axis=2).any()


def test_the_density_over_two_dimensions_is_the_sum_over_the_third():
    columns, rows, depths = np.arange(0, 40.0), np.arange(0, 12.0), np.linspace(0, 500, 201)
    over_image, over_depth = plane(RAW, 0, columns, rows, COLUMN), plane(RAW, 0, depths, rows, DEPTH)
    assert over_image.shape == (12, 40) and over_depth.shape == (12, 201)
    assert np.unravel_index(over_image.argmax(), over_image.shape) == (4, 10)
    # Both sum up to the same density of the rows.
    np.testing.assert_allclose(over_image.sum(axis=1), over_depth.sum(axis=1) * (depths[1] - depths[0]), rtol=2e-3, atol=1e-5)


def test_a_class_without_a_mixture_has_no_map():
    picture = draw_mixtures(RAW, ["road", "terrain"])
    shows(picture[..., ::-1], 1)
    both = MixtureParameters(RAW.means, RAW.variances, torch.full((2, 2), 0.5), "raw", RAW.grid)
    assert draw_mixtures(both, ["road", "terrain"]).shape[1] > picture.shape[1]


def test_normalised_units_show_the_same_places():
    """The same narrow component in both units lies at the same place of the picture."""
    raw = MixtureParameters(torch.tensor([[[10.0, 4.0, 300.0]]]), torch.tensor([[[4.0, 1.0, 25.0]]]), torch.ones(1, 1), "raw", (40, 12))
    means = torch.tensor([[[10.5 / 40, 4.5 / 12, math.log(300)]]])
    shares = MixtureParameters(means, torch.tensor([[[4 / 1600, 1 / 144, 25 / 9e4]]]), torch.ones(1, 1), "normalized", (40, 12))
    bright = heat(np.array([[1.0]]))[0, 0]
    places = [np.argwhere((draw_mixtures(given, ["road"]) == bright).all(axis=2)).mean(axis=0) for given in (raw, shares)]
    np.testing.assert_allclose(places[0], places[1], atol=5)


def test_a_distance_thinner_than_a_pixel_is_seen():
    thin = MixtureParameters(torch.tensor([[[10.0, 4.0, 285.7]]]), torch.tensor([[[4.0, 1.0, 1e-6]]]), torch.ones(1, 1), "raw", (40, 12))
    shows(draw_mixtures(thin, ["car"])[..., ::-1], 1)
