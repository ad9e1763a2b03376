"""Blur of lens, motion and glass, on an image float32 [H, W, 3] in [0, 1]; borders are mirrored."""

from __future__ import annotations

import cv2
import numpy as np

BORDER = cv2.BORDER_REFLECT_101


def gaussian_blur(image: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """A normal kernel of the standard deviation ``sigma`` pixels."""
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=BORDER)


def defocus_blur(image: np.ndarray, shape: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """A disc: a lens that is focused elsewhere; ``shape`` is its radius and the softness of its edge, in pixels."""
    return cv2.filter2D(image, -1, disc(*shape), borderType=BORDER)


def disc(radius: float, softness: float) -> np.ndarray:
    """A kernel of the sum 1, float32 [n, n], n odd."""
    reach = int(np.ceil(radius + 2 * softness))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = (rows**2 + columns**2 <= radius**2).astype(np.float32)
    return cv2.GaussianBlur(kernel / kernel.sum(), (0, 0), softness, borderType=cv2.BORDER_CONSTANT)


def motion_blur(image: np.ndarray, shape: tuple[int, float], rng: np.random.Generator) -> np.ndarray:
    """A line whose weight falls off to one side, at a drawn angle of up to 45 degrees; ``shape`` is its reach and fall in pixels."""
    return cv2.filter2D(image, -1, line(*shape, angle=rng.uniform(-45, 45)), borderType=BORDER)


def line(reach: int, fall: float, angle: float) -> np.ndarray:
    """A kernel of the sum 1, float32 [2 reach + 1, 2 reach + 1]: half a normal density from the middle on, in degrees from the x axis."""
    size, direction = 2 * reach + 1, np.deg2rad(angle)
    kernel = np.zeros((size, size), np.float32)
    distances = np.arange(0, reach + 0.25, 0.25)
    columns = np.rint(reach + distances * np.cos(direction)).astype(int)
    rows = np.rint(reach - distances * np.sin(direction)).astype(int)
    np.add.at(kernel, (rows, columns), np.exp(-(distances**2) / (2 * fall**2)))
    return kernel / kernel.sum()


def glass_blur(image: np.ndarray, shape: tuple[float, int, int], rng: np.random.Generator) -> np.ndarray:
    """Frosted glass: blurred, every pixel looked up a few pixels away, several times, and blurred again.

    Args:
        shape: standard deviation of the blur and reach of the displacement in pixels, number of displacements.
    """
    sigma, reach, times = shape
    height, width = image.shape[:2]
    scattered = gaussian_blur(image, sigma, rng)
    rows, columns = np.mgrid[:height, :width]
    for _ in range(times):
        down, right = rng.integers(-reach, reach + 1, (2, height, width), np.int16)
        scattered = scattered[np.clip(rows + down, 0, height - 1), np.clip(columns + right, 0, width - 1)]
    return gaussian_blur(scattered, sigma, rng)
