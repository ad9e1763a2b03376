"""Jitter with a coin per image: shares, torchvision's own values, and draws that do not depend on each other."""

import numpy as np
import pytest
import torch
from torchvision.transforms import functional

from mmseg.datasets.transforms import Jitter
from mmseg.models.uda.augmentation.augment import blur_kernel_size, gaussian_blur
from mmseg.models.uda.augmentation.image_jitter import ImageDraw, ImageJitter

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
NOTHING = ImageDraw(jitter=None, grey=False, sigma=None)


def jitter(**options) -> ImageJitter:
    return ImageJitter(mean=MEAN, std=STD, **{"color_jitter": (0.2, 0.2, 0.2, 0.2), "jitter_probability": 0.8, **options})


def normalised(color: torch.Tensor) -> torch.Tensor:
    return (color * 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def colors(count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, 20, 24, generator=torch.Generator().manual_seed(0))


def test_probabilities_are_shares_of_the_images():
    draws = [
        jitter(grey_probability=0.1, blur_probability=0.5, sigma=(0.15, 3.0)).draw(np.random.default_rng(seed)) for seed in range(4000)
    ]
    for found, probability in (
        (sum(draw.jitter is not None for draw in draws), 0.8),
        (sum(draw.grey for draw in draws), 0.1),
        (sum(draw.sigma is not None for draw in draws), 0.5),
    ):
        assert abs(found / 4000 - probability) < 4 * (probability * (1 - probability) / 4000) ** 0.5
    sigmas = [draw.sigma for draw in draws if draw.sigma is not None]
    assert 0.15 <= min(sigmas) < 0.2 and 2.9 < max(sigmas) <= 3.0
    values = {
        name: [value for draw in draws if draw.jitter for step, value in draw.jitter.steps if step == name] for name in ("hue", "contrast")
    }
    assert max(map(abs, values["hue"])) <= 0.2 and min(values["contrast"]) >= 0.8 and max(values["contrast"]) <= 1.2


def test_images_of_a_batch_have_coins_of_their_own():
    image = normalised(colors(40))
    changed = (jitter(jitter_probability=0.5)(image, np.random.default_rng(0)) != image).flatten(1).any(dim=1)
    assert 8 < changed.sum() < 32


def test_colors_are_those_of_torchvision():
    steps = (("contrast", 1.4), ("hue", -0.1), ("brightness", 0.7), ("saturation", 1.6))
    made = jitter().apply(normalised(colors()), [ImageDraw(Jitter(steps), grey=False, sigma=None), NOTHING])
    expected = functional.adjust_saturation(
        functional.adjust_brightness(functional.adjust_hue(functional.adjust_contrast(colors()[:1], 1.4), -0.1), 0.7), 1.6
    )
    assert torch.allclose(made[:1], normalised(expected), atol=1e-4)
    assert torch.equal(made[1:], normalised(colors())[1:])


def test_grey_has_equal_channels_and_blur_comes_last():
    image = normalised(colors(1))
    grey = jitter().apply(image, [ImageDraw(None, grey=True, sigma=1.0)])
    expected = functional.rgb_to_grayscale(colors(1), num_output_channels=3)
    assert torch.allclose(grey, gaussian_blur(normalised(expected), 1.0), atol=1e-4)


@pytest.mark.parametrize("size", [1024, 512])
def test_the_kernel_is_the_published_one(size):
    """103 pixels at 1024: the odd number above a tenth."""
    assert blur_kernel_size(size) == {1024: 103, 512: 51}[size]
