"""Pictures on faces, with a pyramid against aliasing, and what they are drawn with.

Letters: (h, w) pixels of a texture, N points.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.demo.streets.noise import lookup, picture

DENSITY = 32  # pixels per metre


class Texture:
    """A sampler (see :class:`mmseg.demo.streets.space.model.Surface`) of a picture whose lower left corner is (0, 0).

    Args:
        pixels: float32 [h, w, 4]: colour and gloss in [0, 1].
        density: pixels per metre.
        repeats: whether it goes on beyond its edges.
    """

    def __init__(self, pixels: np.ndarray, *, density: float = DENSITY, repeats: bool = False) -> None:
        self.density, self.repeats = density, repeats
        self.levels = [np.ascontiguousarray((pixels * 255 + 0.5).clip(0, 255).astype(np.uint8))]
        while min(self.levels[-1].shape[:2]) > 3:
            h, w = self.levels[-1].shape[:2]
            self.levels.append(cv2.resize(self.levels[-1], (w // 2, h // 2), interpolation=cv2.INTER_AREA))

    def __call__(self, u: np.ndarray, v: np.ndarray, footprint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        level = np.clip(np.log2(np.maximum(footprint * self.density, 1e-3)) + 0.3, 0, len(self.levels) - 1).astype(np.int8)
        found = np.empty((len(u), 4), np.float32)
        height = self.levels[0].shape[0] / self.density
        for number in np.unique(level):
            chosen = level == number
            image = self.levels[number]
            k = self.density * image.shape[0] / self.levels[0].shape[0]
            wide = self.density * image.shape[1] / self.levels[0].shape[1]
            x, y = u[chosen] * wide - 0.5, (height - v[chosen]) * k - 0.5
            if self.repeats:
                x, y = np.mod(x, image.shape[1]), np.mod(y, image.shape[0])
            found[chosen] = lookup(image, x, y, wrap=self.repeats)
        found *= 1 / 255
        return found[:, :3], found[:, 3]


class Drawing:
    """A texture in progress; places are metres from the lower left corner."""

    def __init__(self, width: float, height: float, colour, density: float = DENSITY) -> None:
        self.width, self.height, self.density = width, height, density
        self.pixels = np.empty((max(round(height * density), 4), max(round(width * density), 4), 4), np.float32)
        self.pixels[..., :3], self.pixels[..., 3] = colour, 0.0

    def area(self, left: float, bottom: float, right: float, top: float) -> tuple[slice, slice]:
        """Rows and columns of a rectangle, at least one pixel of each."""
        h, w = self.pixels.shape[:2]
        x, y = round(left * self.density), round((self.height - top) * self.density)
        x2, y2 = max(round(right * self.density), x + 1), max(round((self.height - bottom) * self.density), y + 1)
        return slice(min(max(y, 0), h), min(max(y2, 0), h)), slice(min(max(x, 0), w), min(max(x2, 0), w))

    def fill(self, left: float, bottom: float, right: float, top: float, colour, gloss: float = 0.0) -> None:
        """A rectangle of one colour."""
        area = self.area(left, bottom, right, top)
        self.pixels[area] = (*colour, gloss)

    def scale(self, left: float, bottom: float, right: float, top: float, factor) -> None:
        """Makes a rectangle darker or lighter; ``factor`` may be a picture of its size."""
        area = self.area(left, bottom, right, top)
        self.pixels[area][..., :3] *= factor

    def shade_down(self, left: float, bottom: float, right: float, top: float, dark: float) -> None:
        """A shadow that is darkest, by the factor ``dark``, at the top, and gone at the bottom."""
        area = self.area(left, bottom, right, top)
        rows = area[0].stop - area[0].start
        self.pixels[area][..., :3] *= np.linspace(dark, 1, max(rows, 1), dtype=np.float32)[:rows, None, None]

    def bricks(self, rng: np.random.Generator, colour, mortar, length: float, course: float, contrast: float) -> None:
        """Courses of bricks, slabs or stones over all of it, each one of its own tone."""
        h, w = self.pixels.shape[:2]
        v, u = (np.arange(n, dtype=np.float32)[::step] / self.density for n, step in ((h, -1), (w, 1)))
        row = np.floor(v / course).astype(int)
        along = u[None] / length + 0.5 * (row % 2)[:, None]
        column = np.floor(along).astype(int)
        tone = np.exp(rng.normal(0, contrast, (61, 67, 1)) + rng.normal(0, contrast / 4, (61, 67, 3))).astype(np.float32)
        self.pixels[..., :3] = (np.float32(colour) * tone)[row[:, None] % 61, column % 67]
        joint = np.maximum(
            _joint(v / course, 0.011 / course, 1 / (course * self.density))[:, None],
            _joint(along, 0.011 / length, 1 / (length * self.density)),
        )
        self.pixels[..., :3] += (np.float32(mortar) - self.pixels[..., :3]) * joint[..., None]

    def weather(self, rng: np.random.Generator, strength: float) -> None:
        """Stains of several sizes and streaks that run down."""
        h, w = self.pixels.shape[:2]
        stains = picture(rng, h, w, 4) + 0.7 * picture(rng, h, w, 14) + 0.5 * picture(rng, h, w, 50)
        streaks = cv2.resize(picture(rng, 4, w, max(w / 9, 4)), (w, h), interpolation=cv2.INTER_LINEAR)
        self.pixels[..., :3] *= np.exp(strength * (0.05 * stains + 0.03 * streaks))[..., None]

    def texture(self, *, repeats: bool = False) -> Texture:
        return Texture(self.pixels, density=self.density, repeats=repeats)


def _joint(position: np.ndarray, width: float, pixel: float) -> np.ndarray:
    """Coverage in [0, 1] of joints of ``width`` at all whole numbers, as seen through pixels of ``pixel``."""
    distance = np.abs(position - np.round(position))
    return np.clip((width / 2 - distance) / pixel + 0.5, 0, 1) * min(1.0, width / pixel + 0.15)
