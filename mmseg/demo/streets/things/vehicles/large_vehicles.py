"""Buses, lorries and lit vans of trade: blocks with drawn sides.

Local axes: w ahead, u to the right.
"""

from __future__ import annotations

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.texture import Drawing
from mmseg.demo.streets.things.parts import Frame, box, disc, face
from mmseg.demo.streets.things.windows import glass, letters

TRUCK, BUS = 27, 28


def add_bus(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A bus with one or two decks."""
    double = rng.random() < 0.4
    length, half, height = rng.uniform(9.5, 12), 1.25, (4.2 if double else 3.0) * rng.uniform(0.97, 1.03)
    paint, second = colours.paint(rng), colours.paint(rng)
    decks = (1.1, 2.75) if double else (1.1,)
    side = Drawing(length, height - 0.3, paint, density=24)
    side.fill(0, 0, length, 0.5, second)
    ends = {}
    for sign in (-1, 1):
        end = Drawing(2 * half, height - 0.3, paint, density=36)
        end.fill(0, 0, 2 * half, 0.5, second)
        for deck in decks:
            if sign > 0 or deck > 2 or rng.random() < 0.6:
                end.fill(0.15, deck - 0.3 * (sign > 0 and deck < 2), 2 * half - 0.15, deck + 1.05, glass(rng), 1.0)
        end.fill(0.4, height - 0.75, 2 * half - 0.4, height - 0.42, (0.06, 0.06, 0.06), 0.4)
        letters(end, 0.7, height - 0.68, 2 * half - 0.6, height - 0.5, (0.95, 0.75, 0.2), rng)
        lamp = (0.85, 0.85, 0.8) if sign > 0 else (0.6, 0.08, 0.06)
        for left in (0.12, 2 * half - 0.42):
            end.fill(left, 0.25, left + 0.3, 0.5, lamp, 0.5)
        end.weather(rng, 0.4)
        ends[sign] = Surface(BUS, sample=end.texture(), grain=0.4)
    for deck in decks:
        for left in np.arange(0.4, length - 1.3, 1.45):
            side.fill(left, deck, left + 1.3, deck + 0.95, glass(rng), 1.0)
    if rng.random() < 0.6:
        board = colours.paint(rng)
        side.fill(2, 0.5, length - 3, 1.0, board)
        letters(side, 2.5, 0.58, length - 4, 0.92, colours.tinted(board, 0.3) if sum(board) > 1.5 else (0.9, 0.9, 0.9), rng)
    side.weather(rng, 0.5)
    _block(model, frame, length, half, height, Surface(BUS, sample=side.texture(), grain=0.4), ends, Surface(BUS, paint))
    _axles(model, frame, (-0.3 * length, 0.3 * length), half, 0.48, BUS)


def add_lorry(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A cab in front of a box."""
    length, half, height = rng.uniform(5.5, 9.5), rng.uniform(1.05, 1.25), rng.uniform(2.7, 3.7)
    paint, cab = colours.paint(rng), colours.paint(rng)
    load = Drawing(length - 1.9, height - 0.8, paint, density=24)
    if rng.random() < 0.6:
        letters(load, 0.6, (height - 0.8) * 0.4, (length - 1.9) * 0.8, (height - 0.8) * 0.7, colours.paint(rng), rng)
    load.weather(rng, 1.0)
    door = Drawing(2 * half, height - 0.8, paint, density=24)
    door.scale(half - 0.02, 0, half + 0.02, height, 0.5)
    door.weather(rng, 1.0)
    side, back = (Surface(TRUCK, sample=d.texture(), grain=0.6) for d in (load, door))
    _block(model, frame.moved(0, -0.95, v=0.5), length - 1.9, half, height - 0.5, side, {-1: back, 1: back}, Surface(TRUCK, paint))
    coat, window = Surface(TRUCK, cab, gloss=0.3), Surface(TRUCK, glass(rng), gloss=1.0)
    front, top = length / 2, height * rng.uniform(0.68, 0.85)
    box(model, frame, (-half * 0.96, half * 0.96), (0.4, top), (front - 1.8, front), coat)
    low = top * 0.55
    face(
        model,
        frame,
        [
            (-half * 0.85, low, front + 0.01),
            (half * 0.85, low, front + 0.01),
            (half * 0.85, top - 0.2, front + 0.01),
            (-half * 0.85, top - 0.2, front + 0.01),
        ],
        window,
        (0, 0, 1),
    )
    for s in (-1, 1):
        u = s * (half * 0.96 + 0.01)
        face(
            model,
            frame,
            [(u, low, front - 1.2), (u, low, front - 0.2), (u, top - 0.25, front - 0.2), (u, top - 0.25, front - 1.2)],
            window,
            (s, 0, 0),
        )
        lamp, tail = Surface(TRUCK, (0.85, 0.85, 0.8), gloss=0.6), Surface(TRUCK, (0.6, 0.06, 0.05), gloss=0.3)
        for at, surface, sign in ((front + 0.012, lamp, 1), (-front - 0.03, tail, -1)):
            a, b = sorted((s * half * 0.6, s * half * 0.92))
            face(model, frame, [(a, 0.55, at), (b, 0.55, at), (b, 0.75, at), (a, 0.75, at)], surface, (0, 0, sign))
    dark = Surface(TRUCK, (0.1, 0.1, 0.1))
    box(model, frame, (-half * 0.8, half * 0.8), (0.45, 0.8), (-front, front - 0.1), dark)
    _axles(model, frame, (-0.32 * length, 0.36 * length), half, 0.45, TRUCK)


def _block(
    model: Model, frame: Frame, length: float, half: float, height: float, side: Surface, ends: dict[int, Surface], top: Surface
) -> None:
    low = 0.3
    for s in (-1, 1):
        u, w = s * half, s * length / 2
        face(
            model, frame, [(u, low, -length / 2), (u, low, length / 2), (u, height, length / 2), (u, height, -length / 2)], side, (s, 0, 0)
        )
        face(model, frame, [(-half, low, w), (half, low, w), (half, height, w), (-half, height, w)], ends[s], (0, 0, s))
    a, b = -length / 2, length / 2
    face(model, frame, [(-half, height, a), (half, height, a), (half, height, b), (-half, height, b)], top, (0, 1, 0))


def _axles(model: Model, frame: Frame, positions, half: float, radius: float, label: int) -> None:
    tyre, rim = Surface(label, (0.1, 0.1, 0.1)), Surface(label, (0.45, 0.45, 0.46), gloss=0.2)
    for w in positions:
        for side in (-1, 1):
            face(model, frame, disc((side * (half + 0.012), radius, w), radius, plane="wv"), tyre, (side, 0, 0))
            face(model, frame, disc((side * (half + 0.024), radius, w), radius * 0.5, plane="wv"), rim, (side, 0, 0))
            box(
                model,
                frame,
                (side * half * 0.84 - 0.14, side * half * 0.84 + 0.14),
                (0.0, radius * 1.7),
                (w - radius * 0.8, w + radius * 0.8),
                tyre,
            )
