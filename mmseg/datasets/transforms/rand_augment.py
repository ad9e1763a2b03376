"""The strong view of a target crop in CPSL (Li et al., CVPR 2022): RandAugment (Cubuk et al., 2020) on 8-bit images, by Pillow.

The image is mirrored, blurred, its colours are jittered, two of fourteen operations are drawn with replacement, and a square is painted
grey. What moves pixels is also returned as a :class:`StrongGeometry`, which targets are bent by
(:mod:`mmseg.models.uda.augmentation.replay`). Of an operation that moves pixels and was drawn twice the geometry has the last value
alone: a quirk of the published code.

Letters: (H, W) crop; images are uint8 RGB [H, W, 3].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from mmseg.datasets.transforms.pillow import Jitter, draw_jitter, jittered
from mmseg.structures import StrongGeometry

CHANCE = 0.5  # of the flip, the blur and the jitter, and of a sign
BLUR = 1  # radius in pixels
CUTOUT = 3  # the square has a third of the shorter side
GREY = (127, 127, 127)
LEVELS = 10
"""A level of this many is the full strength of an operation."""


def _enhanced(kind: type) -> Callable[[Image.Image, int], Image.Image]:
    """Brightness, contrast and the like, times 0.05 to 0.95."""
    return lambda image, level: kind(image).enhance(level * 0.9 / LEVELS + 0.05)


COLORS = MappingProxyType(
    {
        "AutoContrast": lambda image, level: ImageOps.autocontrast(image),
        "Brightness": _enhanced(ImageEnhance.Brightness),
        "Color": _enhanced(ImageEnhance.Color),
        "Contrast": _enhanced(ImageEnhance.Contrast),
        "Equalize": lambda image, level: ImageOps.equalize(image),
        "Identity": lambda image, level: image,
        "Posterize": lambda image, level: ImageOps.posterize(image, level * 4 // LEVELS + 4),
        "Sharpness": _enhanced(ImageEnhance.Sharpness),
        "Solarize": lambda image, level: ImageOps.solarize(image, 256 - level * 256 // LEVELS),
    }
)
"""Operations that change values, of an image and a level."""
BENDS = MappingProxyType(
    {
        "Rotate": ("rotate", lambda level, size: level * 30 // LEVELS),  # degrees
        "ShearX": ("shear_x", lambda level, size: level * 0.3 / LEVELS),
        "ShearY": ("shear_y", lambda level, size: level * 0.3 / LEVELS),
        "TranslateX": ("translate_x", lambda level, size: level * 0.3 / LEVELS * size[1]),  # pixels, rounded once they have a sign
        "TranslateY": ("translate_y", lambda level, size: level * 0.3 / LEVELS * size[0]),
    }
)
"""Operations that move pixels: the field of :class:`StrongGeometry`, and its value at a level in an image of (H, W) pixels."""
OPERATIONS = tuple(sorted((*COLORS, *BENDS)))


@dataclass(frozen=True, kw_only=True)
class StrongDraw:
    """What was drawn for one image.

    Attributes:
        flip, blur: whether it is mirrored and blurred.
        jitter: of the colours; None for none.
        steps: (name, level or value) of the operations in their order: the level of those that change values, and the value in
            :class:`StrongGeometry` of those that move pixels.
        cutout: (x0, y0, x1, y1), pixels, ends included.
    """

    flip: bool
    blur: bool
    jitter: Jitter | None
    steps: tuple[tuple[str, float], ...]
    cutout: tuple[int, int, int, int]

    @property
    def geometry(self) -> StrongGeometry:
        """What moved pixels."""
        bends = {BENDS[name][0]: value for name, value in self.steps if name in BENDS}
        return StrongGeometry(flip=self.flip, cutout=self.cutout, **bends)


class NamedStreams(Protocol):
    """Random streams by name, such as :class:`mmseg.utils.randomness.Streams`."""

    def numpy(self, name: str) -> Any:
        """A generator of NumPy."""


def draw_strong(
    streams: NamedStreams,
    size: Sequence[int],
    *,
    operations: int,
    strength: int,
    probability: float,
    color_jitter: Sequence[float],
) -> StrongDraw:
    """Draws a strong view of a crop of ``size`` (H, W).

    Args:
        streams: each part draws from its own, ``target.strong.*``.
        size: of the crop.
        operations: how many of :data:`OPERATIONS` are drawn, with replacement.
        strength: levels are drawn from 1 to below it.
        probability: that a drawn operation is carried out.
        color_jitter: strengths, see :func:`mmseg.datasets.transforms.pillow.draw_jitter`.
    """
    flip, blur, jitter = (streams.numpy(f"target.strong.{part}") for part in ("flip", "blur", "color_jitter"))
    return StrongDraw(
        flip=bool(flip.random() < CHANCE),
        blur=bool(blur.random() < CHANCE),
        jitter=draw_jitter(jitter, color_jitter) if jitter.random() < CHANCE else None,
        steps=_draw_steps(streams.numpy("target.strong.operations"), size, operations, strength, probability),
        cutout=_draw_cutout(streams.numpy("target.strong.cutout"), *size),
    )


def _draw_steps(
    rng: np.random.Generator, size: Sequence[int], operations: int, strength: int, probability: float
) -> tuple[tuple[str, float], ...]:
    chosen = [OPERATIONS[int(rng.integers(0, len(OPERATIONS)))] for _ in range(operations)]
    steps = []
    for name in chosen:
        level = int(rng.integers(1, strength))
        if rng.random() < probability:
            steps.append((name, _draw_sign(rng, name, level, size) if name in BENDS else level))
    return tuple(steps)


def _draw_sign(rng: np.random.Generator, name: str, level: int, size: Sequence[int]) -> float:
    value = BENDS[name][1](level, size)
    value = -value if rng.random() < CHANCE else value
    return int(value) if name.startswith("Translate") else value


def _draw_cutout(rng: np.random.Generator, height: int, width: int) -> tuple[int, int, int, int]:
    side = min(height, width) // CUTOUT
    left, top = (max(0, int(rng.uniform(0, length) - side / 2)) for length in (width, height))
    return left, top, min(width, left + side), min(height, top + side)


def strong_view(image: np.ndarray, draw: StrongDraw) -> np.ndarray:
    """Carries out what was drawn.

    Args:
        image: uint8 RGB [H, W, 3].
        draw: of :func:`draw_strong` for its size.

    Returns:
        uint8 RGB [H, W, 3]; grey (127) where nothing is known.
    """
    picture = Image.fromarray(np.ascontiguousarray(image))
    if draw.flip:
        picture = ImageOps.mirror(picture)
    if draw.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(BLUR))
    if draw.jitter is not None:
        picture = jittered(picture, draw.jitter)
    for name, value in draw.steps:
        picture = bent(picture, name, value) if name in BENDS else COLORS[name](picture, int(value))
    picture = picture.copy()
    ImageDraw.Draw(picture).rectangle(draw.cutout, GREY)
    return np.array(picture)


def bent(picture: Image.Image, name: str, value: float) -> Image.Image:
    """Carries out one of :data:`BENDS`, bilinear."""
    if name == "Rotate":
        return picture.rotate(value, Image.Resampling.BILINEAR, fillcolor=GREY)
    read_at = {"ShearX": (1, value, 0, 0, 1, 0), "ShearY": (1, 0, 0, value, 1, 0)}
    read_at |= {"TranslateX": (1, 0, value, 0, 1, 0), "TranslateY": (1, 0, 0, 0, 1, value)}
    return picture.transform(picture.size, Image.Transform.AFFINE, read_at[name], Image.Resampling.BILINEAR, fillcolor=GREY)
