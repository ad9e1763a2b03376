"""Colours of one image in the manner of another: mean and deviation in CIELAB (Reinhard et al., 2001), as CPSL loads GTA.

Letters: (H, W) size of an image.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65
KNEE, SLOPE, OFFSET = 0.008856, 7.787, 16 / 116  # below the knee, the cube root is a line
FLAT = 1e-3
"""A deviation that is nothing but rounding: a step of one grey level changes L by 0.3."""
BGR = slice(None, None, -1)
LINEAR = np.where(np.arange(256) > 0.04045 * 255, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4, np.arange(256) / 255 / 12.92)
"""Light of a grey level of sRGB, in [0, 1]."""
TO_WHITE = (TO_XYZ / WHITE[:, None])[:, BGR].astype(np.float32)
FROM_WHITE = np.linalg.inv(TO_XYZ / WHITE[:, None])[BGR].astype(np.float32)
TO_LAB = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]], np.float32)
FROM_LAB = np.linalg.inv(TO_LAB).astype(np.float32)


@dataclass(frozen=True)
class LabStatistics:
    """Mean and standard deviation of L, a and b over an image, float64 [3]."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, lab: np.ndarray) -> LabStatistics:
        """Of float32 [H, W, 3]."""
        mean, std = cv2.meanStdDev(lab)
        return cls(mean[:, 0], std[:, 0])


def to_lab(image: np.ndarray) -> np.ndarray:
    """uint8 BGR [H, W, 3] -> L in [0, 100], a and b around 0, float32."""
    light = cv2.transform(cv2.LUT(image, LINEAR.astype(np.float32)), TO_WHITE)
    root = np.where(light > KNEE, cv2.pow(light, 1 / 3), SLOPE * light + np.float32(OFFSET))
    lab = cv2.transform(root, TO_LAB)
    lab[..., 0] -= 16
    return lab


def from_lab(lab: np.ndarray) -> np.ndarray:
    """The inverse of :func:`to_lab`; what no screen shows is clipped, and fractions of grey levels are cut off as published."""
    shifted = lab.copy()
    shifted[..., 0] += 16
    root = cv2.transform(shifted, FROM_LAB).clip(min=0)
    light = np.where(root > KNEE ** (1 / 3), root * root * root, (root - np.float32(OFFSET)) / np.float32(SLOPE))
    linear = cv2.transform(light, FROM_WHITE).clip(0, 1)
    grey = np.where(linear > 0.0031308, 1.055 * cv2.pow(linear, 1 / 2.4) - 0.055, 12.92 * linear)
    return (grey.clip(0, 1) * 255).astype(np.uint8)


def lab_transfer(image: np.ndarray, like: LabStatistics) -> np.ndarray:
    """Gives every channel of CIELAB the mean and the deviation that it has in another image.

    Args:
        image: uint8 BGR [H, W, 3].
        like: of the other image.

    Returns:
        uint8 BGR [H, W, 3]. A channel without deviation becomes the mean of the other.
    """
    lab = to_lab(image)
    own = LabStatistics.of(lab)
    gain = np.divide(like.std, own.std, out=np.zeros(3), where=own.std > FLAT)
    return from_lab(lab * gain.astype(np.float32) + (like.mean - own.mean * gain).astype(np.float32))
