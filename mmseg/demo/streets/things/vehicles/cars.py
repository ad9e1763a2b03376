"""Cars as lofted bodies: hatchbacks, saloons, estates, vans and pick-ups, with glass, lamps, wheels and plates.

Local axes: w ahead of the car, u to its right. Profiles are in lengths and heights of the car.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.texture import Drawing
from mmseg.demo.streets.things.parts import Frame, box, disc, face
from mmseg.demo.streets.things.vehicles.bodies import BODIES, SHARES, Body
from mmseg.demo.streets.things.windows import letters

CAR = 26


@dataclass(frozen=True)
class Finish:
    """The surfaces of one car."""

    paint: Surface
    glass: Surface
    dark: Surface
    tyre: Surface
    rim: Surface
    lamp: Surface
    tail: Surface


def draw_finish(rng: np.random.Generator) -> Finish:
    """Paint, trim and lamps; some lamps are lit."""
    braking, lit = rng.random() < 0.25, rng.random() < 0.12
    return Finish(
        paint=Surface(CAR, colours.car(rng), grain=rng.uniform(0.05, 0.35), gloss=rng.uniform(0.3, 0.8)),
        glass=Surface(CAR, colours.hsv(rng, (0.4, 0.65), (0, 0.3), (0.04, 0.14)), grain=1.2, gloss=0.9),
        dark=Surface(CAR, colours.hsv(rng, (0, 1), (0, 0.1), (0.08, 0.2)), grain=0.6, gloss=0.1),
        tyre=Surface(CAR, colours.hsv(rng, (0, 1), (0, 0.05), (0.06, 0.16)), grain=1.0),
        rim=Surface(CAR, colours.hsv(rng, (0.5, 0.7), (0, 0.05), (0.35, 0.75)), grain=0.8, gloss=0.3),
        lamp=Surface(CAR, (0.85, 0.86, 0.84), grain=0.3, gloss=0.8, glow=rng.uniform(3, 9) if lit else 0.0),
        tail=Surface(
            CAR, colours.hsv(rng, (-0.02, 0.02), (0.75, 0.95), (0.35, 0.7)), gloss=0.5, glow=rng.uniform(2, 8) if braking else 0.0
        ),
    )


def add_car(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A car whose middle is at the frame."""
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    body, k, finish = BODIES[kind], rng.uniform(0.93, 1.07), draw_finish(rng)
    length, half, height = body.length * k, body.width * rng.uniform(0.96, 1.04) / 2, body.height * rng.uniform(0.95, 1.05)
    outline = np.array(body.outline) * (length, height)
    sections = [_section(w, v, half * _rounding(2 * w / length), body.belt * height, height) for w, v in outline]
    for number, (a, b) in enumerate(pairwise(sections)):
        _stretch(model, frame, a, b, finish.glass if number in body.glass else finish.paint, finish.paint)
        if number in body.glass:
            _posts(model, frame, a[-1], b[-1], finish.paint)
    for start, end in body.sides:
        _side_window(model, frame, start * length, end * length, outline, half, body.belt * height, height, finish.glass)
    _seams(model, frame, body, length, half, height, finish.dark)
    _underside(model, frame, length, half, finish.dark)
    _wheels(model, frame, length, half, height, finish, rng)
    _ends(model, frame, outline, half, height, finish, rng)
    for side in (-1, 1):
        u = side * (half + 0.09)
        box(
            model,
            frame,
            tuple(sorted((u - 0.08, u + 0.08))),
            (body.belt * height, body.belt * height + 0.14),
            (0.17 * length, 0.17 * length + 0.1),
            finish.paint,
        )


def _rounding(place: float) -> float:
    """How much narrower the body is near its ends, at -1 and 1."""
    return 1 - 0.13 * max((abs(place) - 0.7) / 0.3, 0.0) ** 2


def _half_at(v: float, half: float, belt: float, height: float) -> float:
    """Half the width of the body at height ``v``: widest in the middle, narrower towards the roof."""
    if v > belt:
        return half * (0.97 - 0.2 * (v - belt) / (height - belt))
    return half * (0.9 + 0.1 * min(v / (0.55 * belt), 1.0) - 0.03 * max((v - 0.55 * belt) / (0.45 * belt), 0.0))


def _section(w: float, v: float, half: float, belt: float, height: float) -> list[tuple[float, float, float]]:
    """Half a cross-section (half width, v, w) from the sill to the top."""
    levels = [min(0.2, v), min(0.55 * belt, v), min(belt, v), v]
    return [(_half_at(level, half, belt, height), level, w) for level in levels]


def _stretch(model: Model, frame: Frame, a, b, top: Surface, paint: Surface) -> None:
    """What lies between two cross-sections."""
    (ua, va, wa), (ub, vb, wb) = a[-1], b[-1]
    face(model, frame, [(-ua, va, wa), (ua, va, wa), (ub, vb, wb), (-ub, vb, wb)], top)
    for side in (-1, 1):
        for (u0, v0, w0), (u1, v1, w1), (u2, v2, w2), (u3, v3, w3) in zip(a[:-1], b[:-1], b[1:], a[1:], strict=True):
            if abs(v3 - v0) + abs(v2 - v1) > 0.01:
                face(
                    model,
                    frame,
                    [(side * u0, v0, w0), (side * u1, v1, w1), (side * u2, v2, w2), (side * u3, v3, w3)],
                    paint,
                    (side, 0.05, 0),
                )


def _posts(model: Model, frame: Frame, a, b, paint: Surface) -> None:
    """The painted posts beside a windscreen."""
    for side in (-1, 1):
        points = []
        for (u, v, w), inset in ((a, 0.0), (a, 0.09), (b, 0.09), (b, 0.0)):
            points.append((side * (u - inset), v + 0.012, w + 0.012 * np.sign(b[2] - a[2]) * np.sign(a[1] - b[1])))
        face(model, frame, points, paint)


def _side_window(
    model: Model, frame: Frame, start: float, end: float, outline, half: float, belt: float, height: float, glass: Surface
) -> None:
    roof = lambda w: float(np.interp(w, outline[1:-1, 0], outline[1:-1, 1]))  # noqa: E731
    low = belt + 0.03
    tops = [max(min(roof(w), height) - 0.09, low + 0.02) for w in (start, end)]
    for side in (-1, 1):
        points = [
            (side * (_half_at(v, half, belt, height) + 0.012), v, w)
            for w, v in ((start, low), (end, low), (end, tops[1]), (start, tops[0]))
        ]
        face(model, frame, points, glass, (side, 0.2, 0))


def _seams(model: Model, frame: Frame, body: Body, length: float, half: float, height: float, dark: Surface) -> None:
    """The gaps around the doors, and their handles."""
    belt, front = body.belt * height, min(body.sides[-1][1] + 0.02, 0.2)
    for w in {start - 0.008 for start, _ in body.sides} | {front}:
        for side in (-1, 1):
            levels = (0.24, 0.55 * belt, belt)
            points = [
                (side * (_half_at(v, half, belt, height) + 0.006), v, w * length + shift)
                for shift, vs in ((0, levels), (0.02, levels[::-1]))
                for v in vs
            ]
            for lower, upper in ((0, 1), (1, 2)):
                face(model, frame, [points[lower], points[5 - lower], points[5 - upper], points[upper]], dark, (side, 0, 0))
            box(
                model,
                frame,
                tuple(sorted((side * half, side * (half + 0.025)))),
                (0.84 * belt, 0.88 * belt),
                (w * length + 0.06, w * length + 0.2),
                dark,
            )


def _underside(model: Model, frame: Frame, length: float, half: float, dark: Surface) -> None:
    box(model, frame, (-half * 0.88, half * 0.88), (0.14, 0.26), (-0.485 * length, 0.485 * length), dark)


def _wheels(model: Model, frame: Frame, length: float, half: float, height: float, finish: Finish, rng: np.random.Generator) -> None:
    radius, spokes = rng.uniform(0.28, 0.33), int(rng.integers(5, 11))
    for w in (-0.3 * length, 0.31 * length):
        for side in (-1, 1):
            out = (side, 0, 0)
            face(model, frame, disc((side * (half + 0.004), radius + 0.02, w), radius * 1.14, plane="wv"), finish.dark, out)
            face(model, frame, disc((side * (half + 0.012), radius, w), radius, plane="wv"), finish.tyre, out)
            face(model, frame, disc((side * (half + 0.02), radius, w), radius * 0.66, plane="wv"), finish.rim, out)
            for spoke in range(spokes):
                turn = (spoke + 0.5) * 2 * np.pi / spokes
                at = (side * (half + 0.028), radius + 0.42 * radius * np.cos(turn), w + 0.42 * radius * np.sin(turn))
                face(model, frame, disc(at, radius * 0.11, corners=5, plane="wv"), finish.dark, out)
        for side in (-1, 1):  # seen from the front and the rear, below the bumpers
            box(
                model,
                frame,
                (side * half * 0.8 - 0.09, side * half * 0.8 + 0.09),
                (0.0, 2 * radius * 0.9),
                (w - radius * 0.8, w + radius * 0.8),
                finish.tyre,
            )


def _ends(model: Model, frame: Frame, outline, half: float, height: float, finish: Finish, rng: np.random.Generator) -> None:
    """Bumpers, grille, lamps and plates."""
    rear, front = outline[:, 0].min() - 0.015, outline[:, 0].max() + 0.015
    bumper = finish.paint if rng.random() < 0.6 else finish.dark
    for at, sign in ((rear, -1), (front, 1)):
        span = (at, at + 0.12) if sign < 0 else (at - 0.12, at)
        box(model, frame, (-half * 0.86, half * 0.86), (0.22 * height, 0.37 * height), span, bumper)
    _plate(model, frame, rear - 0.012, -1, rng.uniform(0.3, 0.52) * height, rng)
    _plate(model, frame, front + 0.012, 1, 0.28 * height, rng)
    face(model, frame, _rectangle(-half * 0.45, half * 0.45, 0.38 * height, 0.46 * height, front - 0.005), finish.dark, (0, 0, 1))
    face(model, frame, _rectangle(-half * 0.7, half * 0.7, 0.15 * height, 0.21 * height, front), finish.dark, (0, 0, 1))
    tall = rng.uniform(0.08, 0.24)
    for side in (-1, 1):
        inner, outer = side * half * rng.uniform(0.45, 0.58), side * half * 0.88
        face(model, frame, _rectangle(inner, outer, 0.39 * height, 0.51 * height, front - 0.01), finish.lamp, (0, 0, 1))
        low = rng.uniform(0.38, 0.42) * height
        face(model, frame, _rectangle(side * half * 0.7, outer, low, low + tall * height, rear - 0.005), finish.tail, (0, 0, -1))


def _plate(model: Model, frame: Frame, w: float, sign: int, v: float, rng: np.random.Generator) -> None:
    colour = (0.85, 0.85, 0.82) if sign > 0 or rng.random() < 0.5 else (0.85, 0.7, 0.15)
    drawing = Drawing(0.52, 0.12, colour, density=100)
    letters(drawing, 0.04, 0.025, 0.5, 0.095, (0.08, 0.08, 0.08), rng)
    face(model, frame, _rectangle(-0.26, 0.26, v, v + 0.12, w), Surface(CAR, sample=drawing.texture()), (0, 0, sign))


def _rectangle(u0: float, u1: float, v0: float, v1: float, w: float) -> list[tuple[float, float, float]]:
    return [(u0, v0, w), (u1, v0, w), (u1, v1, w), (u0, v1, w)]
