"""What bounds gardens, parks and pavements: railings, guard rails, boards, pickets, wire, posts with rails, crash barriers, walls.

All run from a start to an end on the ground. What one sees through is labelled as a whole.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.texture import Drawing
from mmseg.demo.streets.things.parts import Frame

WALL, FENCE = 12, 13
UP = np.array([0.0, 1.0, 0.0])


def _ends(start: Frame, end: Frame) -> tuple[np.ndarray, np.ndarray]:
    return np.array([start.x, start.y, start.z]), np.array([end.x, end.y, end.z])


def _panels(start: Frame, end: Frame, length: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Equal pieces of about ``length``, without those beside or behind the camera."""
    a, b = _ends(start, end)
    count = max(round(float(np.linalg.norm(b - a)) / length), 1)
    posts = [a + (b - a) * i / count for i in range(count + 1)]
    return [(p, q) for p, q in pairwise(posts) if min(p[2], q[2]) > 0.5 and p[2] < 120]


def upright(model: Model, a: np.ndarray, b: np.ndarray, low: float, high: float, surface: Surface, holes=()) -> None:
    """A vertical face between two points of the ground."""
    model.polygon([a + UP * low, b + UP * low, b + UP * high, a + UP * high], surface, holes=holes)


def _gaps(a: np.ndarray, b: np.ndarray, low: float, high: float, pitch: float, bar: float) -> list[np.ndarray]:
    """The openings between upright bars."""
    length = float(np.linalg.norm(b - a))
    along = (b - a) / max(length, 1e-6)
    pitch = max(pitch, 0.004 * float(min(a[2], b[2])) + 0.05)  # bars that would run together are drawn as fewer ones
    edges = np.linspace(0, length, max(int(length / pitch), 1) + 1)
    return [
        np.array(
            [
                a + along * (p + bar) + UP * low,
                a + along * (q - bar) + UP * low,
                a + along * (q - bar) + UP * high,
                a + along * (p + bar) + UP * high,
            ]
        )
        for p, q in pairwise(edges)
        if q - p > 2.5 * bar
    ]


def add_railing(
    model: Model, start: Frame, end: Frame, rng: np.random.Generator, *, height: float | None = None, label: int = FENCE
) -> None:
    """Iron bars between two rails, with posts."""
    high = rng.uniform(0.95, 1.9) if height is None else height
    iron = Surface(label, colours.metal(rng), grain=0.8)
    pitch, bar = rng.uniform(0.1, 0.16), rng.uniform(0.008, 0.014)
    spikes = rng.random() < 0.4
    for a, b in _panels(start, end, rng.uniform(1.8, 2.8)):
        upright(model, a, b, 0.06, high, iron, _gaps(a, b, 0.14, high - (0.12 if spikes else 0.05), pitch, bar))
        model.limb(a, a + UP * (high + 0.08), 0.03, iron)
        model.cover([a, b, b + UP * high, a + UP * high], label)


def add_guard_rail(model: Model, start: Frame, end: Frame, rng: np.random.Generator) -> None:
    """The rail along a kerb that keeps people off the road: tubes, a row of bars in the middle."""
    high, tube = rng.uniform(0.95, 1.1), rng.uniform(0.022, 0.032)
    steel = Surface(FENCE, colours.metal(rng), grain=1.2, gloss=0.15)
    for a, b in _panels(start, end, 2.0):
        for p, q in ((a, a + UP * high), (b, b + UP * high), (a + UP * high, b + UP * high), (a + UP * 0.15, b + UP * 0.15)):
            model.limb(p, q, tube, steel)
        upright(model, a, b, 0.15, high - 0.12, steel, _gaps(a, b, 0.18, high - 0.15, 0.12, 0.007))
        model.cover([a, b, b + UP * high, a + UP * high], FENCE)


def add_boards(model: Model, start: Frame, end: Frame, rng: np.random.Generator) -> None:
    """Upright boards, or a hoarding of panels around a building site."""
    hoarding = rng.random() < 0.25
    high = rng.uniform(1.9, 2.5) if hoarding else rng.uniform(1.2, 1.95)
    colour = colours.paint(rng) if hoarding else colours.wood(rng)
    for a, b in _panels(start, end, 2.4 if hoarding else 1.83):
        length = float(np.linalg.norm(b - a))
        drawing = Drawing(length, high, colour)
        if hoarding:
            drawing.scale(0, 0, 0.03, high, 0.5)
        else:
            wide = rng.uniform(0.1, 0.16)
            for left in np.arange(0, length, wide):
                drawing.scale(left, 0, left + wide, high, float(np.exp(rng.normal(0, 0.1))))
                drawing.scale(left, 0, left + 0.02, high, 0.5)
            drawing.scale(0, 0.3, length, 0.33, 0.8)
        drawing.weather(rng, 1.5)
        upright(model, a, b, 0.03, high + rng.normal(0, 0.02), Surface(FENCE, sample=drawing.texture(), grain=1.0))
        post = Surface(FENCE, colours.tinted(colour, rng.uniform(0.7, 1.2)), grain=0.8)
        model.limb(a, a + UP * (high + 0.06), 0.05, post)


def add_pickets(model: Model, start: Frame, end: Frame, rng: np.random.Generator) -> None:
    """Low boards with gaps, white at times."""
    high = rng.uniform(0.8, 1.2)
    wood = Surface(FENCE, colours.wood(rng) if rng.random() < 0.5 else (0.86, 0.86, 0.83), grain=0.8)
    for a, b in _panels(start, end, 2.0):
        upright(
            model,
            a,
            b,
            0.08,
            high,
            wood,
            [
                *_gaps(a, b, 0.34, high - 0.26, 0.17, 0.045),
                *_gaps(a, b, 0.02, 0.25, 0.17, 0.045),
                *_gaps(a, b, high - 0.17, high + 0.02, 0.17, 0.045),
            ],
        )
        model.cover([a, b, b + UP * high, a + UP * high], FENCE)


def add_rails(model: Model, start: Frame, end: Frame, rng: np.random.Generator) -> None:
    """Posts with two or three rails, of wood or steel."""
    steel = rng.random() < 0.5
    high, radius = rng.uniform(0.8, 1.2), 0.025 if steel else 0.055
    surface = Surface(FENCE, colours.metal(rng) if steel else colours.wood(rng), grain=1.0)
    levels = np.linspace(0.35, 0.95, int(rng.integers(2, 4))) * high
    for a, b in _panels(start, end, rng.uniform(1.6, 2.6)):
        for p in (a, b):
            model.limb(p, p + UP * high, radius * 1.3, surface)
        for level in levels:
            model.limb(a + UP * level, b + UP * level, radius, surface)
        model.cover([a, b, b + UP * high, a + UP * high], FENCE)


def add_wire(model: Model, start: Frame, end: Frame, rng: np.random.Generator) -> None:
    """Wire mesh between posts: a grid of wires."""
    high = rng.uniform(1.5, 2.6)
    colour = colours.hsv(rng, (0.3, 0.45), (0.2, 0.5), (0.12, 0.35)) if rng.random() < 0.5 else colours.metal(rng)
    wire, post = Surface(FENCE, colour, grain=1.0), Surface(FENCE, colours.varied(rng, colour), grain=1.2)
    for a, b in _panels(start, end, 2.5):
        rows = np.linspace(0.05, high, 12)
        holes = (
            [hole for low, top in pairwise(rows) for hole in _gaps(a, b, low + 0.006, top - 0.006, 0.07, 0.004)]
            if a[2] < 16
            else _gaps(a, b, 0.06, high - 0.03, 0.12, 0.006)
        )
        upright(model, a, b, 0.03, high, wire, holes)
        model.limb(a, a + UP * high, 0.035, post)
        model.cover([a, b, b + UP * high, a + UP * high], FENCE)


def add_crash_barrier(model: Model, start: Frame, end: Frame, rng: np.random.Generator) -> None:
    """A steel beam on posts."""
    steel = Surface(FENCE, colours.hsv(rng, (0.5, 0.7), (0, 0.06), (0.5, 0.7)), grain=1.0, gloss=0.2)
    for a, b in _panels(start, end, 3.0):
        for low, high in ((0.45, 0.55), (0.65, 0.75)):
            upright(model, a, b, low, high, steel)
        upright(model, a, b, 0.55, 0.65, replace(steel, colour=colours.tinted(steel.colour, 0.6)))
        model.limb(a, a + UP * 0.7, 0.06, steel)
        model.cover([a, b, b + UP * 0.75, a + UP * 0.75], FENCE)


FENCES = {
    "railing": add_railing,
    "boards": add_boards,
    "pickets": add_pickets,
    "rails": add_rails,
    "wire": add_wire,
    "crash barrier": add_crash_barrier,
    "guard rail": add_guard_rail,
}
SHARES = (0.34, 0.22, 0.12, 0.1, 0.12, 0.03, 0.07)


def add_fence(model: Model, start: Frame, end: Frame, rng: np.random.Generator) -> None:
    """A fence of any kind."""
    FENCES[str(rng.choice(tuple(FENCES), p=SHARES))](model, start, end, rng)


def add_wall(model: Model, start: Frame, end: Frame, rng: np.random.Generator, *, height: float | None = None) -> None:
    """A garden wall with a coping, and a railing on it at times."""
    a, b = _ends(start, end)
    high, thick = rng.uniform(0.5, 2.3) if height is None else height, 0.24
    length = float(np.linalg.norm(b - a))
    colour = colours.brick(rng) if rng.random() < 0.7 else colours.stone(rng)
    drawing = Drawing(min(length, 14.0), high, colour)
    drawing.bricks(rng, colour, colours.mixed(colour, (0.6, 0.58, 0.55), 0.6), 0.225, 0.075, rng.uniform(0.07, 0.17))
    drawing.weather(rng, rng.uniform(1.0, 2.2))
    drawing.fill(0, high - 0.09, drawing.width, high, colours.stone(rng))
    drawing.shade_down(0, high - 0.2, drawing.width, high - 0.09, 0.6)
    surface, top = Surface(WALL, sample=drawing.texture(repeats=True), grain=0.8), Surface(WALL, colours.stone(rng), grain=0.8)
    across = np.array([b[2] - a[2], 0, -(b[0] - a[0])]) / max(length, 1e-6) * thick / 2
    for side in (-1, 1):
        upright(model, a + across * side, b + across * side, 0, high, surface)
    upright(model, a - across, a + across, 0, high, surface)
    model.polygon([a - across + UP * high, a + across + UP * high, b + across + UP * high, b - across + UP * high], top)
    if high < 1.2 and rng.random() < 0.35:
        add_railing(model, replace(start, y=start.y + high), replace(end, y=end.y + high), rng, height=rng.uniform(0.5, 0.9))
