"""Colours of things, drawn from wide distributions: a scene has its own brick, its own asphalt and its own fashion.

Colours are RGB in [0, 1] as displayed, not linear.
"""

from __future__ import annotations

import colorsys

import numpy as np

Colour = tuple[float, float, float]


def hsv(rng: np.random.Generator, hue: tuple[float, float], saturation: tuple[float, float], value: tuple[float, float]) -> Colour:
    """A colour within ranges of hue, saturation and value, all in [0, 1]; hues wrap."""
    return colorsys.hsv_to_rgb(rng.uniform(*hue) % 1, rng.uniform(*saturation), rng.uniform(*value))


def tinted(colour, factor: float) -> Colour:
    """A darker (below 1) or lighter version."""
    return tuple(float(np.clip(channel * factor, 0, 1)) for channel in colour)


def mixed(a, b, share: float) -> Colour:
    """0 gives ``a``, 1 gives ``b``."""
    return tuple(float(x + (y - x) * share) for x, y in zip(a, b, strict=True))


def varied(rng: np.random.Generator, colour, amount: float = 0.08) -> Colour:
    """A colour like another one."""
    scale = np.exp(rng.normal(0, amount)) * np.exp(rng.normal(0, amount / 3, 3))
    return tuple(np.clip(np.asarray(colour) * scale, 0, 1).tolist())


def asphalt(rng: np.random.Generator) -> Colour:
    return hsv(rng, (0, 1), (0.0, 0.07), (0.26, 0.5))


def paving(rng: np.random.Generator) -> Colour:
    if rng.random() < 0.4:
        return asphalt(rng)
    return hsv(rng, (0.02, 0.14), (0.02, 0.2), (0.4, 0.66))


def stone(rng: np.random.Generator) -> Colour:
    return hsv(rng, (0.05, 0.16), (0.04, 0.26), (0.45, 0.78))


def brick(rng: np.random.Generator) -> Colour:
    """Red, brown, yellow or grey."""
    kind = rng.random()
    if kind < 0.4:
        return hsv(rng, (-0.02, 0.05), (0.3, 0.6), (0.35, 0.6))
    if kind < 0.75:
        return hsv(rng, (0.07, 0.13), (0.15, 0.4), (0.48, 0.72))
    return hsv(rng, (0.0, 0.1), (0.08, 0.3), (0.28, 0.5))


def plaster(rng: np.random.Generator) -> Colour:
    if rng.random() < 0.15:
        return hsv(rng, (0, 1), (0.1, 0.4), (0.5, 0.85))
    return hsv(rng, (0.04, 0.17), (0.02, 0.25), (0.62, 0.92))


def roof(rng: np.random.Generator) -> Colour:
    """Slate or tiles."""
    if rng.random() < 0.55:
        return hsv(rng, (0.5, 0.75), (0.02, 0.16), (0.22, 0.45))
    return hsv(rng, (0.0, 0.07), (0.25, 0.55), (0.3, 0.55))


def paint(rng: np.random.Generator) -> Colour:
    """Doors, shop fronts, awnings, boards: anything."""
    kind = rng.random()
    if kind < 0.3:
        return hsv(rng, (0, 1), (0.0, 0.12), (0.75, 0.95))
    if kind < 0.5:
        return hsv(rng, (0, 1), (0.0, 0.3), (0.1, 0.25))
    return hsv(rng, (0, 1), (0.3, 0.8), (0.2, 0.7))


def car(rng: np.random.Generator) -> Colour:
    kind = rng.random()
    if kind < 0.32:
        return hsv(rng, (0.5, 0.7), (0.0, 0.08), (0.45, 0.75))
    if kind < 0.5:
        return hsv(rng, (0, 1), (0.0, 0.2), (0.05, 0.2))
    if kind < 0.62:
        return hsv(rng, (0.1, 0.2), (0.0, 0.06), (0.82, 0.95))
    if kind < 0.78:
        return hsv(rng, (0.56, 0.68), (0.4, 0.85), (0.2, 0.55))
    if kind < 0.9:
        return hsv(rng, (-0.03, 0.02), (0.6, 0.9), (0.3, 0.65))
    return hsv(rng, (0, 1), (0.2, 0.8), (0.2, 0.7))


def clothing(rng: np.random.Generator) -> Colour:
    kind = rng.random()
    if kind < 0.45:
        return hsv(rng, (0.5, 0.75), (0.0, 0.4), (0.08, 0.28))
    if kind < 0.6:
        return hsv(rng, (0.03, 0.15), (0.1, 0.45), (0.3, 0.6))
    if kind < 0.72:
        return hsv(rng, (0, 1), (0.0, 0.1), (0.7, 0.92))
    return hsv(rng, (0, 1), (0.3, 0.85), (0.25, 0.8))


def skin(rng: np.random.Generator) -> Colour:
    return hsv(rng, (0.03, 0.08), (0.22, 0.45), (0.3, 0.85))


def hair(rng: np.random.Generator) -> Colour:
    return hsv(rng, (0.04, 0.12), (0.1, 0.6), (0.06, 0.55))


def foliage(rng: np.random.Generator) -> Colour:
    """Green mostly; yellow, brown and dark red at times."""
    kind = rng.random()
    if kind < 0.72:
        return hsv(rng, (0.16, 0.3), (0.2, 0.55), (0.26, 0.56))
    if kind < 0.9:
        return hsv(rng, (0.1, 0.19), (0.3, 0.65), (0.38, 0.68))
    return hsv(rng, (0.0, 0.1), (0.3, 0.6), (0.3, 0.55))


def grass(rng: np.random.Generator) -> Colour:
    return hsv(rng, (0.14, 0.29), (0.25, 0.6), (0.28, 0.52))


def bark(rng: np.random.Generator) -> Colour:
    return hsv(rng, (0.04, 0.13), (0.05, 0.4), (0.16, 0.4))


def metal(rng: np.random.Generator) -> Colour:
    """Galvanised or painted posts."""
    kind = rng.random()
    if kind < 0.5:
        return hsv(rng, (0.5, 0.7), (0.0, 0.08), (0.4, 0.68))
    if kind < 0.85:
        return hsv(rng, (0.3, 0.7), (0.0, 0.4), (0.07, 0.25))
    return hsv(rng, (0, 1), (0.0, 0.7), (0.2, 0.85))


def wood(rng: np.random.Generator) -> Colour:
    return hsv(rng, (0.05, 0.12), (0.15, 0.55), (0.25, 0.65))
