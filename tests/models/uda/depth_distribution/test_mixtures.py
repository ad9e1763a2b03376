"""Densities of classes: closed forms, SciPy, float32, crops, and what has no density."""

import math

import pytest
import torch
from scipy.stats import norm

from mmseg.models.uda.depth_distribution.mixtures import (
    Mixtures,
    class_log_density,
    density_target,
    image_shares,
    log_density,
    points_of,
    squash,
)
from mmseg.structures.box import Box
from mmseg.structures.places import CropPlace
from mmseg.utils.products.mixture_file import MixtureParameters

CLASSES, COMPONENTS = 4, 5


def mixtures_of(means, variances, weights, *, units="raw", grid=(16, 12)) -> Mixtures:
    return Mixtures(
        MixtureParameters(*(torch.as_tensor(values, dtype=torch.float64) for values in (means, variances, weights)), units, grid)
    )


def random_mixtures(units="raw") -> Mixtures:
    generator = torch.Generator().manual_seed(3)
    means = torch.rand(CLASSES, COMPONENTS, 3, generator=generator, dtype=torch.float64) * torch.tensor([16.0, 12.0, 400.0])
    variances = torch.rand(CLASSES, COMPONENTS, 3, generator=generator, dtype=torch.float64) * torch.tensor([9.0, 4.0, 900.0]) + 0.1
    weights = torch.rand(CLASSES, COMPONENTS, generator=generator, dtype=torch.float64)
    return mixtures_of(means, variances, weights / weights.sum(dim=1, keepdim=True), units=units)


UNIT = mixtures_of(torch.zeros(1, 1, 3), torch.ones(1, 1, 3), torch.ones(1, 1))


def test_a_unit_gaussian_at_its_mean():
    assert log_density(UNIT, torch.zeros(3, dtype=torch.float64)).exp().item() == pytest.approx(0.0634936, abs=1e-7)


def test_the_squash():
    densities = torch.tensor([1e-6, 1e-7, 1e-8, 0.0], dtype=torch.float64)
    grey = squash(densities.log(), 1e6)
    assert grey.tolist() == pytest.approx([161.1907, 24.2665, 2.5373, 0.0], abs=1e-4)
    rising = squash(torch.logspace(-12, 0, 50, dtype=torch.float64).log(), 1e6)
    assert (rising.diff() >= 0).all() and rising[-1] == 255


def test_as_scipy_computes_it():
    mixtures = random_mixtures()
    points = torch.rand(7, 9, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(4)) * torch.tensor([16.0, 12.0, 400.0])
    values = points[..., None, None, :].numpy()
    single = norm.pdf(values, mixtures.means.numpy(), mixtures.variances.sqrt().numpy()).prod(axis=-1)
    expected = torch.from_numpy((single * mixtures.weights.numpy()).sum(axis=-1))
    torch.testing.assert_close(log_density(mixtures, points).exp(), expected, rtol=1e-10, atol=0)
    classes = torch.randint(CLASSES, (7, 9), generator=torch.Generator().manual_seed(5))
    of_class = expected.gather(-1, classes[..., None])[..., 0]
    torch.testing.assert_close(class_log_density(mixtures, classes, points).exp(), of_class, rtol=1e-10, atol=0)


def test_float32_is_stable_far_away():
    mixtures = random_mixtures().float()
    mixtures.variances[0, 0] = 1e-6
    points = torch.tensor([[0.0, 0.0, 1.0], [160.0, 95.0, 65536.0]], requires_grad=True)
    found = log_density(mixtures, points)
    assert found.dtype == torch.float32 and found.isfinite().all() and (found[1] < -1000).all()
    found.sum().backward()
    assert points.grad.isfinite().all()
    exact = log_density(random_mixtures(), torch.tensor([[8.0, 6.0, 200.0]], dtype=torch.float64))
    single = log_density(random_mixtures().float(), torch.tensor([[8.0, 6.0, 200.0]]))
    torch.testing.assert_close(single.double(), exact, rtol=1e-5, atol=1e-5)
    assert log_density(random_mixtures(), points.bfloat16()).dtype == torch.float32


def test_it_integrates_to_one():
    mixtures = random_mixtures()
    x, y, z = (torch.linspace(low, high, 121, dtype=torch.float64) for low, high in ((-14, 30), (-10, 22), (-150, 550)))
    cell = (x[1] - x[0]) * (y[1] - y[0]) * (z[1] - z[0])
    total = sum(log_density(mixtures, torch.cartesian_prod(x[i : i + 1], y, z)).exp().sum(dim=0) for i in range(len(x))) * cell
    torch.testing.assert_close(total, torch.ones(CLASSES, dtype=torch.float64), rtol=1e-3, atol=0)


def test_gradients_are_those_of_the_density():
    mixtures, classes = random_mixtures(), torch.tensor([0, 3, 1])
    points = torch.tensor([[4.0, 5.0, 150.0], [9.0, 2.0, 80.0], [3.0, 7.0, 260.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda given: class_log_density(mixtures, classes, given), points)
    assert torch.autograd.gradcheck(lambda given: log_density(mixtures, given), points)


def test_a_class_without_a_mixture_and_pixels_without_a_class():
    mixtures = random_mixtures()
    mixtures.weights[2] = 0
    points = torch.full((4, 3), 5.0, requires_grad=True)
    everywhere = log_density(mixtures, points)
    assert everywhere[:, 2].isneginf().all() and everywhere[:, [0, 1, 3]].isfinite().all()
    found = class_log_density(mixtures, torch.tensor([2, 255, -1, 1]), points)
    assert found.isneginf().tolist() == [True, True, True, False]
    squash(found, 1e6).sum().backward()
    assert points.grad.isfinite().all() and not points.grad[:3].any() and points.grad[3].any()


def test_the_road_of_raw_units_and_no_sky_near_the_camera():
    """One component each: a road below, and a sky whose inverse depth is 1 with the smallest variance."""
    mixtures = mixtures_of([[[8, 10, 200]], [[8, 2, 1]]], [[[9, 1, 400]], [[9, 1, 1e-6]]], [[1], [1]])
    depth = torch.full((1, 12, 16), 208.0, dtype=torch.float64)
    road, sky = torch.zeros(1, 12, 16, dtype=torch.int64), torch.ones(1, 12, 16, dtype=torch.int64)
    target = density_target(mixtures, road, depth)
    expected = norm.pdf(8, 8, 3) * norm.pdf(10, 10, 1) * norm.pdf(208, 200, 20)
    assert target[0, 10, 8].item() == pytest.approx(255 * (1 - math.exp(-1e6 * expected)), rel=1e-9)
    assert not density_target(mixtures, sky, depth).any()  # the prediction 'sky' where z = 208
    assert not density_target(mixtures, road, -depth).any() and not density_target(mixtures, road, 0 * depth).any()
    # On the source, a pixel that is labelled otherwise is evaluated at z = 0, which is not nowhere.
    wrong = density_target(mixtures, road, depth, label=sky)
    assert wrong[0, 10, 8].item() == pytest.approx(255 * (1 - math.exp(-1e6 * norm.pdf(8, 8, 3) * norm.pdf(0) * norm.pdf(0, 200, 20))))
    assert torch.equal(density_target(mixtures, road, depth, label=road), target)


def test_normalised_units():
    mixtures = mixtures_of([[[0.5, 0.75, math.log(200)]]], [[[0.04, 0.01, 0.25]]], [[1]], units="normalized")
    depth = torch.tensor([[[200.0, 0.0], [-3.0, 400.0]]], dtype=torch.float64)
    points = points_of(mixtures, depth)
    assert points[0, :, :, 0].tolist() == [[0.25, 0.75]] * 2 and points[0, :, :, 1].tolist() == [[0.25] * 2, [0.75] * 2]
    target = density_target(mixtures, torch.zeros(1, 2, 2, dtype=torch.int64), depth)
    expected = norm.pdf(0.75, 0.5, 0.2) * norm.pdf(0.75, 0.75, 0.1) * norm.pdf(math.log(400), math.log(200), 0.5)
    assert target[0, 1, 1].item() == pytest.approx(255 * (1 - math.exp(-expected)))
    assert target[0, 0, 0] > 0 and target[0, 0, 1] == target[0, 1, 0] == 0
    zeros = torch.zeros(1, 2, 2, dtype=torch.int64)
    assert not density_target(mixtures, zeros, depth, label=zeros + 255).any()  # unlike in raw units


def test_units_differ_by_the_volume_of_a_cell():
    """Narrow components, so that log z is nearly linear: p_normalised = p_raw * W * H * z."""
    z, width, height = 200.0, 16, 12
    raw = mixtures_of([[[8, 6, z]]], [[[4, 4, 1e-4]]], [[1]])
    shares = mixtures_of([[[8.5 / 16, 6.5 / 12, math.log(z)]]], [[[4 / 16**2, 4 / 12**2, 1e-4 / z**2]]], [[1]], units="normalized")
    depth = torch.full((1, height, width), z, dtype=torch.float64)
    both = [log_density(mixtures, points_of(mixtures, depth)) for mixtures in (raw, shares)]
    torch.testing.assert_close(both[1] - both[0], torch.full_like(both[0], math.log(width * height * z)), rtol=1e-6, atol=0)


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("units", ["raw", "normalized"])
def test_a_crop_has_the_points_of_its_pixels(units, flipped):
    """A crop of a map of the whole image, mirrored and padded, has the points of the whole one at its pixels."""
    mixtures = random_mixtures(units)
    whole = torch.rand(1, 12, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(6)) * 300 + 1
    box = Box(2, 12, 3, 15)
    place = CropPlace(native=(24, 32), resized=(12, 16), box=box, crop=(11, 14), flipped=flipped)
    cut, depth = box.crop(whole), torch.zeros(1, 11, 14, dtype=torch.float64)
    points = points_of(mixtures, whole)[:, box.slices[0], box.slices[1]]
    depth[:, :10, :12] = cut.flip(2) if flipped else cut
    expected = points.flip(2) if flipped else points
    torch.testing.assert_close(points_of(mixtures, depth, [place])[:, :10, :12], expected, rtol=1e-12, atol=1e-12)


def test_a_map_of_the_crop_may_be_smaller():
    place = CropPlace(native=(8, 8), resized=(8, 8), box=Box(4, 8, 0, 4), crop=(4, 4), flipped=False)
    columns, rows = image_shares((2, 2), place, torch.device("cpu"), torch.float64)
    assert columns.tolist() == [1 / 8, 3 / 8] and rows.tolist() == [5 / 8, 7 / 8]


def test_places_of_several_crops():
    mixtures, depth = random_mixtures(), torch.full((2, 4, 4), 50.0, dtype=torch.float64)
    places = [CropPlace(native=(8, 8), resized=(8, 8), box=Box(y, y + 4, 0, 4), crop=(4, 4), flipped=False) for y in (0, 4)]
    both = points_of(mixtures, depth, places)
    for index, place in enumerate(places):
        assert torch.equal(both[index], points_of(mixtures, depth[:1], [place])[0])


def test_it_is_no_part_of_a_checkpoint():
    assert not random_mixtures().state_dict() and random_mixtures().num_classes == CLASSES


def test_a_target_is_a_constant():
    depth = torch.full((1, 3, 4), 200.0, requires_grad=True)
    classes = torch.zeros(1, 3, 4, dtype=torch.int64)
    for units in ("raw", "normalized"):
        assert not density_target(random_mixtures(units), classes, depth).requires_grad
