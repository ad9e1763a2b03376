"""Images as Pillow and torchvision change them: FADA, label shift adaptation and CPSL read 8-bit images so.

Pillow's filters look at more pixels where it makes an image smaller, OpenCV's do not; their nearest neighbours differ as well.

Letters: (H, W) before, (h, w) after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from torch import Tensor

from mmseg.utils.errors import UserError

HALF = 0.5  # of the colour circle


def resize_bicubic(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """uint8 [H, W, 3] -> uint8 [h, w, 3]; ``size`` is (h, w)."""
    return image if image.shape[:2] == tuple(size) else _resized(image, size, Image.Resampling.BICUBIC)


def resize_bilinear(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """uint8 [H, W, 3] -> uint8 [h, w, 3]; ``size`` is (h, w)."""
    return image if image.shape[:2] == tuple(size) else _resized(image, size, Image.Resampling.BILINEAR)


def resize_nearest(label: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """uint8 [H, W] -> uint8 [h, w]; ``size`` is (h, w)."""
    return label if label.shape == tuple(size) else _resized(label, size, Image.Resampling.NEAREST)


def _resized(array: np.ndarray, size: Sequence[int], filter: Image.Resampling) -> np.ndarray:
    return np.array(Image.fromarray(np.ascontiguousarray(array)).resize((size[1], size[0]), filter))  # a copy, which may be written to


@dataclass(frozen=True)
class Jitter:
    """What was drawn for one image.

    Attributes:
        steps: (name, value) in their order; 'brightness', 'contrast' and 'saturation' with a factor from 0, 'hue' with a turn of the
            colour circle in [-0.5, 0.5].
    """

    steps: tuple[tuple[str, float], ...]


def check_jitter(strengths: Sequence[float]) -> None:
    """Refuses strengths of :func:`draw_jitter` that torchvision does not take.

    Raises:
        UserError: the hue would turn by more than half of the colour circle.
    """
    if strengths[3] > HALF:
        text = f"color_jitter={tuple(strengths)} turns the hue by more than half of the colour circle"
        raise UserError(f"{text}. Use {HALF} or less as its last value.")


def draw_jitter(rng: np.random.Generator, strengths: Sequence[float]) -> Jitter:
    """Draws one value for each step, and their order.

    Args:
        strengths: of brightness, contrast and saturation, whose factors lie in [1 - s, 1 + s], and of the hue, in [-s, s]; a step of
            strength 0 is left out.
    """
    names = ("brightness", "contrast", "saturation", "hue")
    values = []
    for name, strength in zip(names, strengths, strict=True):
        low, high = (-strength, strength) if name == "hue" else (max(0.0, 1 - strength), 1 + strength)
        values.append((name, float(rng.uniform(low, high)), strength))
    return Jitter(tuple(values[index][:2] for index in rng.permutation(len(values)) if values[index][2]))


def color_jitter(image: np.ndarray, jitter: Jitter) -> np.ndarray:
    """The steps one after the other: uint8 BGR [H, W, 3] -> the same size."""
    return np.array(jittered(Image.fromarray(np.ascontiguousarray(image[..., ::-1])), jitter))[..., ::-1]


def jittered(picture: Image.Image | Tensor, jitter: Jitter) -> Image.Image | Tensor:
    """The steps of :func:`color_jitter` on an RGB picture, or on a tensor [..., 3, H, W] of colours in [0, 1]."""
    from torchvision.transforms import functional  # takes a second, which most trainings can do without

    steps: dict[str, Callable] = {
        "brightness": functional.adjust_brightness,
        "contrast": functional.adjust_contrast,
        "saturation": functional.adjust_saturation,
        "hue": functional.adjust_hue,
    }
    for name, value in jitter.steps:
        picture = steps[name](picture, value)
    return picture
