"""Photometric distortion of source images (Liu et al., SSD, ECCV 2016, §2.2), as the published "CAug" pipelines use it.

Every step is a table over the 256 grey levels, and cuts fractions off as the published pipelines do.
Letters: (H, W) crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

CHANCE = 0.5  # of every step
BRIGHTNESS = 32  # grey levels
CONTRAST = SATURATION = (0.5, 1.5)
HUE = 18  # of OpenCV's half circle of 180, 2 degrees each
HUES = 180


@dataclass(frozen=True, kw_only=True)
class PhotoMetric:
    """What is done to one image; None leaves a step out.

    Attributes:
        brightness: grey levels that are added.
        contrast: factor on the grey levels.
        saturation: factor on the S of HSV.
        hue: steps of 2 degrees that are added to the H of HSV.
        contrast_last: whether the contrast changes after saturation and hue, rather than before.
    """

    brightness: float | None = None
    contrast: float | None = None
    saturation: float | None = None
    hue: int | None = None
    contrast_last: bool = False


def draw_photo_metric(rng: np.random.Generator) -> PhotoMetric:
    """Tosses a coin for every step and for the place of the contrast, and draws the strengths uniformly."""

    def chosen() -> bool:
        return bool(rng.random() < CHANCE)

    return PhotoMetric(
        brightness=rng.uniform(-BRIGHTNESS, BRIGHTNESS) if chosen() else None,
        contrast=rng.uniform(*CONTRAST) if chosen() else None,
        saturation=rng.uniform(*SATURATION) if chosen() else None,
        hue=int(rng.integers(-HUE, HUE)) if chosen() else None,  # the upper end is never drawn, as published
        contrast_last=chosen(),
    )


def photo_metric_distortion(image: np.ndarray, parameters: PhotoMetric) -> np.ndarray:
    """Changes brightness, contrast, saturation and hue.

    Args:
        image: uint8 [H, W, 3], channel order BGR.
        parameters: which steps, and how strong.

    Returns:
        uint8 [H, W, 3]; every step saturates at 0 and 255.
    """
    image = change_levels(image, shift=parameters.brightness or 0.0)
    if not parameters.contrast_last:
        image = change_contrast(image, parameters.contrast)
    image = change_saturation(image, parameters.saturation)
    image = change_hue(image, parameters.hue)
    return change_contrast(image, parameters.contrast) if parameters.contrast_last else image


def change_levels(values: np.ndarray, gain: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """``values * gain + shift`` for uint8 [H, W] or [H, W, 3]; saturates, fractions are cut off."""
    table = np.arange(256, dtype=np.float32) * np.float32(gain) + np.float32(shift)
    return cv2.LUT(values, table.clip(0, 255).astype(np.uint8))


def change_contrast(image: np.ndarray, factor: float | None) -> np.ndarray:
    """Multiplies the grey levels of uint8 [H, W, 3]."""
    return image if factor is None else change_levels(image, gain=factor)


def change_saturation(image: np.ndarray, factor: float | None) -> np.ndarray:
    """Multiplies the S of HSV; BGR uint8 [H, W, 3]."""
    if factor is None:
        return image
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    hsv[..., 1] = change_levels(hsv[..., 1], gain=factor)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def change_hue(image: np.ndarray, steps: int | None) -> np.ndarray:
    """Turns the H of HSV by ``steps`` of 2 degrees; BGR uint8 [H, W, 3]."""
    if steps is None:
        return image
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    hsv[..., 0] = cv2.LUT(hsv[..., 0], ((np.arange(256) + steps) % HUES).astype(np.uint8))
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
