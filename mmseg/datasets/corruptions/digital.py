"""What cameras and files do to an image float32 RGB [H, W, 3] in [0, 1]."""

from __future__ import annotations

import cv2
import numpy as np


def brightness(image: np.ndarray, added: float, rng: np.random.Generator) -> np.ndarray:
    """Adds to the value (of hue, saturation, value): too long an exposure."""
    colors = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    colors[..., 2] = np.minimum(colors[..., 2] + added, 1)
    return cv2.cvtColor(colors, cv2.COLOR_HSV2RGB)


def contrast(image: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
    """Keeps a share of what each channel differs from its mean by."""
    mean = image.mean(axis=(0, 1), keepdims=True)
    return (image - mean) * kept + mean


def saturate(image: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    """Multiplies the saturation."""
    colors = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    colors[..., 1] = np.minimum(colors[..., 1] * factor, 1)
    return cv2.cvtColor(colors, cv2.COLOR_HSV2RGB)


def jpeg_compression(image: np.ndarray, quality: int, rng: np.random.Generator) -> np.ndarray:
    """Writes and reads a JPEG of a ``quality`` from 1 to 100."""
    bgr = np.rint(image[..., ::-1] * 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / 255
