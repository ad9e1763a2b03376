"""Persons, riders, bicycles and motorcycles. A rider is dressed like a person; the cycle tells them apart."""

from __future__ import annotations

import numpy as np

from mmseg.demo.painting.canvas import shade
from mmseg.demo.painting.solids import Pose
from mmseg.demo.styles import Palette

PERSON, RIDER, MOTORCYCLE, BICYCLE = 24, 25, 32, 33


def paint_person(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A walker or somebody who stands."""
    k = pose.thing.height / 1.75
    top, trousers = (_pick(palette.clothing, rng) for _ in range(2))
    skin, hair = _pick(palette.skin, rng), shade(_pick(palette.clothing, rng), 0.6)
    stride, swing = rng.uniform(0, 0.28), rng.uniform(0.05, 0.25)
    coat = rng.random() < 0.3
    for sign in (-1, 1):
        pose.line(
            [(sign * 0.09 * k, 0.86 * k, 0), (sign * 0.11 * k, 0.45 * k, sign * stride * 0.6), (sign * 0.11 * k, 0.04, sign * stride)],
            0.15 * k,
            trousers,
        )
        pose.line([(sign * 0.11 * k, 0.04, sign * stride), (sign * 0.11 * k, 0.04, sign * stride + 0.1)], 0.1 * k, (30, 28, 28))
    _torso(pose, (0, (0.6 if coat else 0.82) * k, 0), (0, 1.43 * k, 0.02), (0.17 * k, 0.22 * k), top, PERSON)
    for sign in (-1, 1):
        hand = (sign * 0.26 * k, 0.82 * k, -sign * swing)
        pose.line([(sign * 0.21 * k, 1.38 * k, 0), (sign * 0.27 * k, 1.1 * k, -sign * swing * 0.3), hand], 0.11 * k, shade(top, 0.88))
        pose.ball(hand, 0.055 * k, skin)
    if rng.random() < 0.3:
        pose.ball((0.24 * k, 0.95 * k, -0.1), 0.16 * k, _pick(palette.clothing, rng))
    _head(pose, (0, 1.6 * k, 0.03), skin, hair)


def paint_bicycle(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A parked bicycle."""
    _bicycle(pose, shade(_pick(palette.cycle, rng), rng.uniform(0.8, 1.2)))


def paint_motorcycle(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A parked motorcycle or scooter."""
    _motorcycle(pose, shade(_pick(palette.cycle, rng), rng.uniform(0.8, 1.2)))


def paint_rider(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """Somebody on a bicycle or a motorcycle."""
    colour = shade(_pick(palette.cycle, rng), rng.uniform(0.8, 1.2))
    motorcycle = rng.random() < 0.4
    (_motorcycle if motorcycle else _bicycle)(pose, colour)
    top, trousers = (_pick(palette.clothing, rng) for _ in range(2))
    seat, foot = ((0, 0.82, -0.2), 0.3) if motorcycle else ((0, 0.95, -0.2), 0.25)
    shoulders = (0, seat[1] + 0.52, 0.05)
    for sign in (-1, 1):
        knee, ankle = (sign * 0.16, seat[1] - 0.28, 0.22), (sign * 0.14, foot + 0.1 * sign, 0.05)
        pose.line([(sign * 0.1, seat[1], seat[2]), knee, ankle], 0.15, trousers, RIDER)
    _torso(pose, seat, shoulders, (0.17, 0.22), top, RIDER)
    for sign in (-1, 1):
        pose.line([(sign * 0.2, shoulders[1] - 0.05, shoulders[2]), (sign * 0.27, seat[1] + 0.15, 0.45)], 0.11, shade(top, 0.88), RIDER)
    helmet = _pick(palette.cycle, rng) if motorcycle or rng.random() < 0.5 else shade(_pick(palette.clothing, rng), 0.6)
    _head(pose, (0, shoulders[1] + 0.22, 0.15), _pick(palette.skin, rng), helmet, RIDER)


def _bicycle(pose: Pose, colour) -> None:
    for w in (-0.53, 0.53):
        pose.wheel(0, w, 0.34, (34, 34, 36), filled=False, width=0.05)
    saddle, crank, head = (0, 0.9, -0.22), (0, 0.32, -0.05), (0, 0.85, 0.42)
    frame = [(0, 0.34, -0.53), crank, head, (0, 0.34, 0.53)]
    pose.line(frame, 0.05, colour, BICYCLE)
    pose.line([crank, saddle, (0, 0.34, -0.53)], 0.05, colour, BICYCLE)
    pose.line([(0, 0.78, -0.18), (0, 0.78, 0.42)], 0.05, colour, BICYCLE)
    pose.line([(-0.26, 1.02, 0.45), (0.26, 1.02, 0.45)], 0.05, (44, 44, 46), BICYCLE)
    pose.line([(0, 0.94, -0.32), (0, 0.94, -0.1)], 0.09, (36, 34, 34), BICYCLE)


def _motorcycle(pose: Pose, colour) -> None:
    for w in (-0.68, 0.68):
        pose.wheel(0, w, 0.32, (26, 26, 28), filled=True)
        pose.line([(0, 0.02, w), (0, 0.62, w)], 0.14, (26, 26, 28), MOTORCYCLE)
    pose.line([(0, 0.45, -0.4), (0, 0.5, 0.3)], 0.36, (58, 58, 62), MOTORCYCLE)
    pose.line([(0, 0.75, -0.72), (0, 0.78, -0.05)], 0.2, (34, 32, 34), MOTORCYCLE)
    pose.line([(0, 0.72, -0.05), (0, 0.84, 0.35)], 0.32, colour, MOTORCYCLE)
    pose.line([(0, 0.95, 0.45), (0, 0.32, 0.68)], 0.12, colour, MOTORCYCLE)
    pose.line([(-0.34, 1.05, 0.38), (0.34, 1.05, 0.38)], 0.07, (40, 40, 42), MOTORCYCLE)
    pose.ball((0, 0.86, 0.55), 0.13, (226, 222, 204), MOTORCYCLE)


def _torso(pose: Pose, hips, shoulders, half_widths: tuple[float, float], colour, label: int) -> None:
    """A trapezoid across the heading, and a thick line along it for the view from the side."""
    low, high = half_widths
    (u1, v1, w1), (u2, v2, w2) = hips, shoulders
    pose.line([hips, (u2, v2 - 0.1, w2)], 0.27, colour, label)
    corners = [(u1 - low, v1, w1), (u1 + low, v1, w1), (u2 + high, v2, w2), (u2 - high, v2, w2)]
    pose.canvas.polygon(pose.pixels(corners), colour, label, pose.inverse_depth)


def _head(pose: Pose, centre, skin, hair, label: int | None = None) -> None:
    u, v, w = centre
    pose.line([(u, v - 0.22, w), (u, v - 0.1, w)], 0.1, shade(skin, 0.85), label)
    pose.ball((u, v + 0.02, w), 0.125, hair, label)
    pose.ball((u, v - 0.03, w), 0.1, skin, label)


def _pick(colours, rng: np.random.Generator):
    return shade(colours[rng.integers(len(colours))], rng.uniform(0.8, 1.2))
