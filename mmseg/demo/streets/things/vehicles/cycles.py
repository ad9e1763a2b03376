"""Bicycles and motorcycles: thin tubes, wheels that one sees through but that are labelled as a whole.

Local axes: w ahead of the cycle, u to its right.
"""

from __future__ import annotations

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.things.parts import Frame, bars, disc, face

MOTORCYCLE, BICYCLE = 32, 33


def add_bicycle(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A bicycle that stands at the frame."""
    paint = Surface(BICYCLE, colours.car(rng) if rng.random() < 0.5 else colours.paint(rng), gloss=0.2)
    dark, steel = Surface(BICYCLE, colours.hsv(rng, (0, 1), (0, 0.1), (0.05, 0.2))), Surface(BICYCLE, (0.6, 0.6, 0.6), gloss=0.4)
    radius, steer = rng.uniform(0.31, 0.35), rng.normal(0, 0.12)
    tube = rng.uniform(0.014, 0.024)
    front = 0.54
    for w in (-0.5, front):
        wheel = disc((0, radius, w), radius, corners=20, plane="wv")
        bars(model, frame, [*wheel, wheel[0]], 0.02, dark)
        inner = disc((0, radius, w), radius * 0.9, corners=14, plane="wv")
        bars(model, frame, [*inner, inner[0]], 0.008, steel)
        model.cover(frame.at(wheel), BICYCLE)
        if rng.random() < 0.5:  # a mudguard
            bars(model, frame, disc((0, radius, w), radius * 1.08, corners=20, plane="wv", turn=-1.2)[:9], 0.018, paint)
    axle, crank, seat, head = (0, radius, -0.5), (0, 0.29, -0.06), (0, 0.84, -0.2), (0, 0.83, 0.36)
    step_through = rng.random() < 0.3
    high = (0, 0.5, -0.11) if step_through else (0, 0.76, -0.18)
    for chain in (
        [axle, crank, (0, 0.62, 0.41), head],
        [high, (0, 0.76, 0.37)],
        [crank, seat],
        [axle, (0, 0.74, -0.17)],
        [head, (0, radius, front)],
    ):
        bars(model, frame, chain, tube, paint)
    model.cover(frame.at([crank, (0, 0.62, 0.41), (0, 0.76, 0.37), high]), BICYCLE)
    bars(model, frame, [seat, (0, 0.92, -0.22)], 0.016, steel)
    bars(model, frame, [(0, 0.94, -0.33), (0, 0.94, -0.1)], 0.045, dark)
    bars(model, frame, [head, (0, 1.0, 0.35)], 0.016, steel)
    bars(model, frame, [(-0.27, 1.0, 0.3 + steer), (0, 1.0, 0.37), (0.27, 1.0, 0.3 - steer)], 0.02, dark)
    face(model, frame, disc((0.05, 0.29, -0.06), 0.09, corners=8, plane="wv"), steel)
    bars(model, frame, [(-0.1, 0.17, -0.02), (0.1, 0.41, -0.1)], 0.02, dark)
    _extras(model, frame, radius, front, dark, rng)


def _extras(model: Model, frame: Frame, radius: float, front: float, dark: Surface, rng: np.random.Generator) -> None:
    """A basket, a rack with bags, lamps."""
    if rng.random() < 0.3:
        wicker = Surface(BICYCLE, colours.wood(rng), grain=2.5)
        for level in (0.75, 0.85, 0.95):
            bars(
                model,
                frame,
                [
                    (-0.15, level, front - 0.02),
                    (0.15, level, front - 0.02),
                    (0.15, level, front + 0.2),
                    (-0.15, level, front + 0.2),
                    (-0.15, level, front - 0.02),
                ],
                0.04,
                wicker,
            )
    if rng.random() < 0.4:
        bars(model, frame, [(0, 2 * radius + 0.06, -0.7), (0, 2 * radius + 0.06, -0.25)], 0.025, dark)
        if rng.random() < 0.5:
            bag = Surface(BICYCLE, colours.clothing(rng), grain=1.5)
            for side in (-0.12, 0.12):
                bars(model, frame, [(side, 0.42, -0.5), (side, 0.62, -0.5)], 0.11, bag)
    if rng.random() < 0.5:
        red = Surface(BICYCLE, (0.75, 0.05, 0.04), glow=rng.uniform(0, 4))
        model.ball(frame.at([(0, 0.72, -0.5)])[0], 0.035, red)


def add_motorcycle(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A motorcycle or a scooter that stands at the frame."""
    paint = Surface(MOTORCYCLE, colours.car(rng), gloss=0.5)
    dark, steel = Surface(MOTORCYCLE, (0.09, 0.09, 0.09), gloss=0.1), Surface(MOTORCYCLE, (0.5, 0.5, 0.52), gloss=0.5)
    for w in (-0.62, 0.66):
        wheel = disc((0, 0.3, w), 0.26, plane="wv")
        bars(model, frame, [*wheel, wheel[0]], 0.055, dark)
        face(model, frame, disc((0, 0.3, w), 0.14, plane="wv"), steel)
        model.cover(frame.at(wheel), MOTORCYCLE)
    bars(model, frame, [(0, 0.42, -0.25), (0, 0.45, 0.22)], 0.2, steel)
    bars(model, frame, [(0, 0.72, -0.7), (0, 0.76, -0.15)], 0.11, dark)
    bars(model, frame, [(0, 0.75, -0.1), (0, 0.84, 0.28)], 0.17, paint)
    bars(model, frame, [(0, 0.98, 0.4), (0, 0.32, 0.66)], 0.05, steel)
    bars(model, frame, [(-0.33, 1.02, 0.34), (0, 1.0, 0.42), (0.33, 1.02, 0.34)], 0.03, dark)
    bars(model, frame, [(0.14, 0.3, -0.75), (0.14, 0.3, 0.0)], 0.05, steel)
    model.ball(frame.at([(0, 0.88, 0.5)])[0], 0.11, Surface(MOTORCYCLE, (0.8, 0.8, 0.78), gloss=0.7))
    if rng.random() < 0.5:
        bars(model, frame, [(0, 0.98, 0.48), (0, 1.2, 0.36)], 0.13, Surface(MOTORCYCLE, paint.colour, gloss=0.6))
