"""Houses along the street: fronts with relief, gables, roofs, chimneys, gutters, bays and awnings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.texture import Drawing
from mmseg.demo.streets.things.facades import Design, blank, front, wall_drawing
from mmseg.demo.streets.things.parts import Frame, bars, box, face
from mmseg.demo.streets.things.windows import window

BUILDING = 11


def plain(colour, **more) -> Surface:
    return Surface(BUILDING, colour, **more)


def roof_surface(design: Design, rng: np.random.Generator) -> Surface:
    """Tiles or slates in rows; repeats."""
    drawing = Drawing(4.0, 4.0, design.roof, density=20)
    drawing.bricks(
        rng, design.roof, colours.tinted(design.roof, 0.55), rng.uniform(0.22, 0.4), rng.uniform(0.16, 0.3), rng.uniform(0.06, 0.16)
    )
    return Surface(BUILDING, sample=drawing.texture(repeats=True), grain=1.2)


def add_house(
    model: Model, frame: Frame, width: float, height: float, depth: float, design: Design, rng: np.random.Generator, *, ends: bool
) -> None:
    """A house whose front lies in the plane u = 0 and looks to -u; w runs along the front from 0 to ``width``.

    Args:
        ends: whether its gables stand free.
    """
    corners = frame.at([(0, 0, 0), (0, 0, width)])
    away = float(max(min(corners[0, 2], corners[1, 2]), 0.5 * np.abs(corners[:, 0]).min()))
    surface = Surface(BUILDING, sample=front(design, width, height, rng, away), grain=0.5)
    face(model, frame, [(0, 0, 0), (0, 0, width), (0, height, width), (0, height, 0)], surface, (-1, 0, 0))
    pitched = not design.office and rng.random() < 0.85
    ridge = height + (depth / 2) * rng.uniform(0.55, 0.95) if pitched else height
    if ends:
        painted = Surface(BUILDING, sample=blank(design, depth, ridge, rng, away), grain=0.5)
        hidden = plain(design.wall)
        for w, out, other in ((0.0, -1, width), (width, 1, 0.0)):
            side = painted if frame.at([(0, 0, w)])[0, 2] <= frame.at([(0, 0, other)])[0, 2] + 1 else hidden
            top = [(depth, height, w), (depth / 2, ridge, w), (0, height, w)] if pitched else [(depth, height, w), (0, height, w)]
            face(model, frame, [(0, 0, w), (depth, 0, w), *top], side, (0, 0, out), upright=(0, 1, 0))
    if pitched:
        _pitched_roof(model, frame, width, height, ridge, depth, design, rng)
    else:
        face(model, frame, [(0, height, 0), (0, height, width), (depth, height, width), (depth, height, 0)], plain((0.4, 0.4, 0.4)))
        box(model, frame, (-0.12, 0.25), (height, height + rng.uniform(0.15, 0.6)), (-0.02, width + 0.02), plain(design.trim))
    if not design.office:
        pipe = plain(colours.hsv(rng, (0, 1), (0, 0.2), (0.08, 0.5)))
        bars(model, frame, [(-0.07, 0.1, width - 0.12), (-0.07, height, width - 0.12)], 0.045, pipe)
        bars(model, frame, [(-0.33, height - 0.03, 0), (-0.33, height - 0.03, width)], 0.06, pipe)
    for relief in _reliefs(design, rng):
        relief(model, frame, width, design, rng)


def _pitched_roof(model: Model, frame: Frame, width, height, ridge, depth, design: Design, rng: np.random.Generator) -> None:
    tiles, over = roof_surface(design, rng), 0.35
    drop = over * (ridge - height) / (depth / 2)
    face(model, frame, [(-over, height - drop, 0), (-over, height - drop, width), (depth / 2, ridge, width), (depth / 2, ridge, 0)], tiles)
    face(
        model,
        frame,
        [(depth + over, height - drop, 0), (depth + over, height - drop, width), (depth / 2, ridge, width), (depth / 2, ridge, 0)],
        tiles,
    )
    if rng.random() < 0.7:
        stack = Surface(BUILDING, sample=wall_drawing(design, 1.8, 1.8, rng).texture(repeats=True))
        at, wide, top = rng.choice((0.45, width - 0.45)), rng.uniform(0.3, 0.5), ridge + rng.uniform(0.5, 1.3)
        box(model, frame, (depth / 2 - 0.7, depth / 2 + 0.5), (ridge - 1.0, top), (at - wide, at + wide), stack)
        for u in np.linspace(depth / 2 - 0.5, depth / 2 + 0.3, int(rng.integers(2, 5))):
            bars(model, frame, [(u, top, at), (u, top + rng.uniform(0.25, 0.5), at)], 0.11, plain(colours.brick(rng)))


def _reliefs(design: Design, rng: np.random.Generator) -> list[Callable]:
    """What juts out of the front."""
    if design.shops:
        return [function for function, chance in ((_awning, 0.4), (_hanging_sign, 0.5)) if rng.random() < chance]
    if design.office:
        return []
    return [_bay] if rng.random() < 0.35 else [_porch] if rng.random() < 0.4 else []


def _bay(model: Model, frame: Frame, width: float, design: Design, rng: np.random.Generator) -> None:
    """A bay window over one or two floors."""
    out, wide = rng.uniform(0.5, 0.9), rng.uniform(1.6, 2.4)
    start = rng.uniform(0.3, max(width - wide - 0.3, 0.4))
    high = design.floor * (1 if rng.random() < 0.6 else 2) - 0.3
    drawing = wall_drawing(design, wide, high, rng)
    for level in range(max(round(high / design.floor), 1)):
        window(drawing, (wide - design.window.width) / 2, level * design.floor + 0.8, design.window, rng)
    surface = Surface(BUILDING, sample=drawing.texture(), grain=0.5)
    a, b = start, start + wide
    face(model, frame, [(-out, 0, a + 0.3), (-out, 0, b - 0.3), (-out, high, b - 0.3), (-out, high, a + 0.3)], surface)
    for near, far in ((a, a + 0.3), (b, b - 0.3)):
        face(model, frame, [(0, 0, near), (-out, 0, far), (-out, high, far), (0, high, near)], surface)
    slope = plain(design.roof)
    face(model, frame, [(-out - 0.1, high, a), (-out - 0.1, high, b), (0, high + 0.5, b), (0, high + 0.5, a)], slope)


def _porch(model: Model, frame: Frame, width: float, design: Design, rng: np.random.Generator) -> None:
    at = rng.uniform(0.8, max(width - 0.8, 0.9))
    top, out = design.floor - 0.3, rng.uniform(0.4, 1.0)
    box(model, frame, (-out, 0), (top - 0.15, top), (at - 0.8, at + 0.8), plain(design.trim))


def _awning(model: Model, frame: Frame, width: float, design: Design, rng: np.random.Generator) -> None:
    """Cloth over the window of a shop, striped at times."""
    cloth, out, drop = colours.paint(rng), rng.uniform(0.8, 1.6), rng.uniform(0.5, 0.9)
    drawing = Drawing(width, 2.0, cloth, density=20)
    if rng.random() < 0.5:
        other, step = colours.hsv(rng, (0, 1), (0, 0.2), (0.8, 0.95)), rng.uniform(0.15, 0.4)
        for left in np.arange(0, width, 2 * step):
            drawing.fill(left, 0, left + step, 2, other)
    surface, top = Surface(BUILDING, sample=drawing.texture()), design.floor - 0.6
    a, b = 0.2, width - 0.2
    face(model, frame, [(-out, top - drop, a), (-out, top - drop, b), (0, top, b), (0, top, a)], surface)
    face(model, frame, [(-out, top - drop - 0.22, a), (-out, top - drop - 0.22, b), (-out, top - drop, b), (-out, top - drop, a)], surface)


def _hanging_sign(model: Model, frame: Frame, width: float, design: Design, rng: np.random.Generator) -> None:
    """A board that hangs over the pavement: part of the house, as people label it."""
    at, v, half = rng.uniform(0.3, width - 0.3), design.floor + rng.uniform(-0.2, 0.6), rng.uniform(0.25, 0.45)
    board = plain(colours.paint(rng))
    box(model, frame, (-0.15 - 2 * half, -0.15), (v - half, v + half), (at - 0.05, at + 0.05), board)
