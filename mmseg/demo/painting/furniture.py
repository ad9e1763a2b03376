"""Lamp posts, traffic lights, signs, street trees and bins. ``heading`` of these things is the side of the street."""

from __future__ import annotations

import numpy as np

from mmseg.demo.painting.canvas import shade
from mmseg.demo.painting.solids import Pose
from mmseg.demo.styles import Palette

STATIC, POLE, LIGHT, SIGN, VEGETATION = 4, 17, 19, 20, 21
LARGER = 1.25  # lights and signs are larger than life, or they would be blobs at this resolution


def paint_lamp(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A post with an arm over the road."""
    colour, height = _metal(palette, rng), pose.thing.height
    inward = -pose.thing.heading
    _stroke(pose, [(0, 0), (0, height), (inward * rng.uniform(0.8, 2.0), height + 0.35)], rng.uniform(0.16, 0.18), colour, POLE)
    _stroke(pose, [(0, 0), (0, 0.9)], 0.2, shade(colour, 0.9), POLE)


def paint_light(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A traffic light on a post, sometimes with a second one on an arm over the road."""
    colour, height, inward = _metal(palette, rng), pose.thing.height, -pose.thing.heading
    lit = int(rng.integers(3))
    if rng.random() < 0.35:
        reach = inward * rng.uniform(2.2, 3.6)
        _stroke(pose, [(0, 0), (0, height + 1.6), (reach, height + 1.6)], 0.17, colour, POLE)
        _signal(pose, reach, height + 1.0, lit)
    else:
        _stroke(pose, [(0, 0), (0, height)], 0.17, colour, POLE)
    _signal(pose, 0.0, height - 0.5, lit)


def paint_sign(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """One or two signs on a thin post."""
    height = pose.thing.height
    _stroke(pose, [(0, 0), (0, height + 0.1)], 0.16, _metal(palette, rng), POLE)
    for row in range(1 + int(rng.random() < 0.3)):
        _plate(pose, height - 0.3 - 0.85 * row, 0.34 * LARGER * rng.uniform(0.85, 1.15), int(rng.integers(5)))


def paint_tree(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A trunk and a crown of leaves, lighter towards the top."""
    height, crown = pose.thing.height, pose.thing.width * rng.uniform(0.75, 1.1)
    _stroke(pose, [(0, 0), (rng.normal(0, 0.1), 0.55 * height)], 0.3, palette.trunk, VEGETATION)
    base = palette.foliage[rng.integers(len(palette.foliage))]
    for level in np.linspace(0.02, 0.98, 26):
        spread = crown * np.sqrt(max(1 - (2 * level - 1) ** 2, 0.15))
        centre = (rng.uniform(-1, 1) * spread * 0.7, height * (0.42 + 0.55 * level))
        _ball(pose, centre, crown * rng.uniform(0.26, 0.44), shade(base, 0.72 + 0.4 * level + rng.normal(0, 0.05)), VEGETATION)


def paint_bin(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A bin, a box or a bollard: outside the 19 classes, ignored."""
    colour = shade(palette.fence[rng.integers(len(palette.fence))], rng.uniform(0.6, 1.1))
    half, height = pose.thing.length / 2, pose.thing.height
    _box(pose, (-half, half, 0.0, height), colour, STATIC)
    _box(pose, (-half * 1.08, half * 1.08, height * 0.88, height), shade(colour, 0.75), STATIC)


def _metal(palette: Palette, rng: np.random.Generator):
    return shade(palette.pole[rng.integers(len(palette.pole))], rng.uniform(0.8, 1.1))


def _signal(pose: Pose, u: float, v: float, lit: int) -> None:
    half, tall = 0.18 * LARGER, 0.5 * LARGER
    _box(pose, (u - half, u + half, v - tall, v + tall), (28, 30, 30), LIGHT)
    for lamp, colour in enumerate(((236, 52, 40), (244, 180, 44), (60, 220, 130))):
        centre = (u, v + (1 - lamp) * 0.31 * LARGER)
        _ball(pose, centre, 0.13 * LARGER, colour if lamp == lit else shade(colour, 0.28), None)


def _plate(pose: Pose, v: float, radius: float, kind: int) -> None:
    if kind == 0:  # prohibition
        _ball(pose, (0, v), radius, (196, 36, 36), SIGN)
        _ball(pose, (0, v), radius * 0.68, (236, 234, 230), None)
    elif kind == 1:  # warning
        for size, colour, label in ((1.15, (196, 36, 36), SIGN), (0.7, (236, 234, 230), None)):
            corners = [(np.sin(a) * radius * size, v + np.cos(a) * radius * size) for a in (0, 2.094, 4.189)]
            pose.canvas.polygon(_pixels(pose, corners), colour, label, pose.inverse_depth)
    elif kind == 2:  # parking, one way
        _box(pose, (-radius, radius, v - radius, v + radius), (44, 84, 164), SIGN)
        _box(pose, (-radius * 0.3, radius * 0.3, v - radius * 0.6, v + radius * 0.6), (232, 234, 238), None)
    elif kind == 3:  # priority
        corners = [(0, v + radius * 1.2), (radius * 1.2, v), (0, v - radius * 1.2), (-radius * 1.2, v)]
        pose.canvas.polygon(_pixels(pose, corners), (238, 190, 50), SIGN, pose.inverse_depth)
    else:  # directions
        _box(pose, (-radius * 1.9, radius * 1.9, v - radius * 0.55, v + radius * 0.55), (234, 196, 60), SIGN)
        _box(pose, (-radius * 1.5, radius * 1.2, v - radius * 0.12, v + radius * 0.12), (50, 48, 44), None)


def _pixels(pose: Pose, points) -> np.ndarray:
    """Points (u, v) of an upright plane across the street -> pixels."""
    return pose.camera.project(np.array([(pose.thing.x + u, v, pose.thing.z) for u, v in points]))


def _stroke(pose: Pose, points, width: float, colour, label: int) -> None:
    pose.canvas.stroke(_pixels(pose, points), width * pose.scale, colour, label, pose.inverse_depth)


def _ball(pose: Pose, point, radius: float, colour, label: int | None) -> None:
    pose.canvas.disc(_pixels(pose, [point])[0], radius * pose.scale, colour, label, pose.inverse_depth)


def _box(pose: Pose, sides, colour, label: int | None) -> None:
    left, right, bottom, top = sides
    corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
    pose.canvas.polygon(_pixels(pose, corners), colour, label, pose.inverse_depth)
