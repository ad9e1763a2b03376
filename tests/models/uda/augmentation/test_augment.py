"""Colour operations against Python's own HSV conversion, blur against a convolution."""

import colorsys

import pytest
import torch
import torch.nn.functional as F

from mmseg.models.uda.augmentation.augment import adjust_hue, adjust_saturation, gaussian_kernel, weighted_shifts


def colors() -> torch.Tensor:
    """Random colours, some grey, black, white, pure, or with two equal channels: [1, 3, 1, N]."""
    values = torch.rand(200, 3, generator=torch.Generator().manual_seed(0))
    values[:10] = values[:10, :1]
    values[10:20, 1] = values[10:20, 0]
    values[20:30, 2] = values[20:30, 1]
    values[30:36] = torch.tensor([[0.0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1]])
    return values.T.reshape(1, 3, 1, -1)


def in_hsv(image: torch.Tensor, change) -> torch.Tensor:
    """Applies ``change(hue, saturation, value)`` to every pixel."""
    pixels = image.double().flatten(2)[0].T.tolist()
    changed = [colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*pixel))) for pixel in pixels]
    return torch.tensor(changed).T.reshape(image.shape)


@pytest.mark.parametrize("factor", [0.0, 0.8, 1.0, 1.2, 5.0])
def test_saturation(factor):
    expected = in_hsv(colors(), lambda hue, saturation, value: (hue, min(saturation * factor, 1), value))
    assert torch.allclose(adjust_saturation(colors(), factor), expected, atol=1e-5)


@pytest.mark.parametrize("turns", [-0.2, 0.0, 0.07, 0.5])
def test_hue(turns):
    expected = in_hsv(colors(), lambda hue, saturation, value: ((hue + turns) % 1, saturation, value))
    assert torch.allclose(adjust_hue(colors(), turns), expected, atol=1e-5)


@pytest.mark.parametrize(("dim", "shape"), [(2, (1, 1, -1, 1)), (3, (1, 1, 1, -1))])
def test_sums_of_shifted_images_are_a_convolution(dim, shape):
    image = torch.randn(2, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    weights = gaussian_kernel(7, 1.1)
    kernel = torch.tensor(weights).view(shape).expand(3, 1, -1, -1)
    assert sum(weights) == pytest.approx(1)
    assert torch.allclose(weighted_shifts(image, weights, dim), F.conv2d(image, kernel, groups=3), atol=1e-6)
