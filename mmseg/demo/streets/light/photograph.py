"""What a camera makes of light: lens, exposure, tone curve, sensor, sharpening and compression.

Letters: (H, W) the photograph; the light that comes in has twice as many rows and columns.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.demo.streets.conditions import Photography

MIDDLE = 0.22  # linear value that the mean of a picture is exposed to


def photograph(light: np.ndarray, ways: Photography, rng: np.random.Generator) -> np.ndarray:
    """Linear light float32 [2H, 2W, 3] -> uint8 [H, W, 3]."""
    height, width = light.shape[0] // 2, light.shape[1] // 2
    light = np.minimum(light, 12.0)
    light = cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA)
    light = _lens(light, ways)
    light = light * np.float32(_exposure(light) * ways.exposure) * np.float32(ways.white)
    picture = _tones(light, ways)
    picture += _sensor_noise(picture, ways, rng)
    picture = _processed(picture, ways)
    pixels = np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)
    return _compressed(pixels, ways.quality)


def _lens(light: np.ndarray, ways: Photography) -> np.ndarray:
    """Veil, bloom, vignette, blur."""
    height, width = light.shape[:2]
    spread = cv2.GaussianBlur(np.minimum(light, 4.0), (0, 0), width / 60) + cv2.GaussianBlur(np.minimum(light, 4.0), (0, 0), width / 12)
    light = light * (1 - ways.bloom) + spread * (ways.bloom / 2) + light.mean((0, 1)) * np.float32(ways.black)
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = light * (1 - ways.vignette * (x * x + y * y) / 2).astype(np.float32)[..., None]
    scale = width / 480
    if ways.motion:
        light = cv2.blur(light, (max(round(2 * ways.motion * scale) | 1, 1), 1))
    return cv2.GaussianBlur(light, (0, 0), max(ways.blur * scale, 0.05))


def _exposure(light: np.ndarray) -> float:
    """Gain of the automatic exposure, which weighs the lower part of the picture more."""
    grey = np.minimum(light.mean(2), 2.0)
    weight = np.linspace(0.5, 1.5, len(grey), dtype=np.float32)[:, None]
    return MIDDLE / max(float(np.exp((np.log(grey + 0.02) * weight).mean() / weight.mean())), 1e-3)


def _tones(light: np.ndarray, ways: Photography) -> np.ndarray:
    """Linear light -> displayed values in about [0, 1]: highlights roll off, then gamma and an s-shaped curve."""
    rolled = np.where(light < 0.6, light, 0.6 + 0.4 * np.tanh((light - 0.6) / 0.6)) if ways.contrast < 0.6 else np.minimum(light, 1)
    shown = cv2.pow(np.clip(rolled, 0, 1).astype(np.float32), ways.gamma / 2.2)
    shown += np.float32(0.9 * (ways.contrast - 0.3)) * shown * (1 - shown) * (shown - 0.45)
    grey = shown @ np.float32((0.3, 0.59, 0.11))
    return grey[..., None] + (shown - grey[..., None]) * np.float32(ways.saturation)


def _sensor_noise(picture: np.ndarray, ways: Photography, rng: np.random.Generator) -> np.ndarray:
    """Stronger in dark parts; partly as wide as two pixels, as demosaicing leaves it."""
    fine = rng.standard_normal(picture.shape, np.float32)
    wide = cv2.GaussianBlur(rng.standard_normal(picture.shape, np.float32), (0, 0), 0.9) * 2.2
    return (0.5 * fine + 0.6 * wide) * (ways.noise / 255) * (1.3 - 0.6 * np.clip(picture, 0, 1))


def _processed(picture: np.ndarray, ways: Photography) -> np.ndarray:
    """Colour at half the resolution, and sharpening with its halos."""
    grey = picture @ np.float32((0.3, 0.59, 0.11))
    colour = cv2.GaussianBlur(picture - grey[..., None], (0, 0), 1.0)
    if ways.sharpening:
        grey = grey + ways.sharpening * (grey - cv2.GaussianBlur(grey, (0, 0), 1.2))
    return grey[..., None] + colour


def _compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    if not quality:
        return pixels
    _, code = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])
