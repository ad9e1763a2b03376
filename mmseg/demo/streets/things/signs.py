"""Signs on posts: round, triangular, square, octagonal, boards with writing; large, small and seen from behind.

Local axes: -w towards the traffic that comes, u to the right.
"""

from __future__ import annotations

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.texture import Drawing
from mmseg.demo.streets.things.parts import Frame, bars, disc, face
from mmseg.demo.streets.things.windows import letters

POLE, SIGN = 17, 20
RED, BLUE, GREEN, YELLOW, WHITE, BLACK = (
    (0.75, 0.1, 0.1),
    (0.1, 0.25, 0.62),
    (0.05, 0.38, 0.25),
    (0.93, 0.75, 0.12),
    (0.9, 0.9, 0.88),
    (0.06, 0.06, 0.07),
)
FRONT = -0.075  # metres before the post


def plate(model: Model, frame: Frame, points, surface: Surface) -> None:
    """A flat sign: its face towards the traffic, bare metal on its back."""
    face(model, frame, points, surface, (0, 0, -1))
    back = Surface(SIGN, (0.5, 0.51, 0.52), grain=0.8, gloss=0.15)
    face(model, frame, [(u, v, w + 0.02) for u, v, w in points], back, (0, 0, 1))


def add_sign(model: Model, frame: Frame, rng: np.random.Generator, *, turned: bool = False) -> None:
    """One to three signs on a thin post; ``turned`` for the other direction: seen from behind."""
    if turned:
        frame = frame.moved(0, 0, np.pi)
    high = rng.uniform(2.1, 3.2)
    post = Surface(POLE, colours.metal(rng), grain=0.5)
    radius = rng.uniform(0.028, 0.05)
    count = int(rng.choice((1, 2, 3), p=(0.55, 0.33, 0.12)))
    top = high
    for _ in range(count):
        kind = rng.choice(tuple(KINDS), p=tuple(SHARES))
        size = 0.32 * rng.uniform(0.75, 1.45)
        if top - 2 * size < 1.2:
            break
        KINDS[kind](model, frame, top - size, size, rng)
        top -= 2 * size + rng.uniform(0.03, 0.12)
    bars(model, frame, [(0, 0, 0), (0, high + rng.uniform(-0.05, 0.25), 0)], radius, post)


def add_board(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """Directions on two posts."""
    wide, tall, low = rng.uniform(1.2, 2.6), rng.uniform(0.6, 1.5), rng.uniform(1.2, 2.2)
    drawing = _written(wide, tall, rng)
    post = Surface(POLE, colours.metal(rng), grain=0.5)
    for u in (-0.35 * wide, 0.35 * wide):
        bars(model, frame, [(u, 0, 0), (u, low + tall, 0)], 0.05, post)
    plate(model, frame, _square(0, low + tall / 2, wide / 2, tall / 2), Surface(SIGN, sample=drawing.texture(), grain=0.4, gloss=0.05))


def add_keep_side(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A lit bollard on an island, blue with an arrow."""
    body = Surface(SIGN, (0.88, 0.88, 0.84), grain=0.5)
    face(model, frame, [(-0.22, 0, 0), (0.22, 0, 0), (0.22, 1.05, 0), (-0.22, 1.05, 0)], body)
    _round_blue(model, frame, 0.72, 0.2, rng)
    band = Surface(SIGN, YELLOW)
    face(model, frame, [(-0.22, 0, -0.02), (0.22, 0, -0.02), (0.22, 0.4, -0.02), (-0.22, 0.4, -0.02)], band)


def _flat(rng: np.random.Generator, colour) -> Surface:
    return Surface(SIGN, colours.varied(rng, colour, 0.12), grain=0.4, gloss=0.06)


def _square(u: float, v: float, half: float, tall: float, w: float = FRONT) -> list[tuple[float, float, float]]:
    return [(u - half, v - tall, w), (u + half, v - tall, w), (u + half, v + tall, w), (u - half, v + tall, w)]


def _detail(model: Model, frame: Frame, points, surface: Surface, layer: int = 1) -> None:
    face(model, frame, [(u, v, w - 0.006 * layer) for u, v, w in points], surface, (0, 0, -1))


def _prohibition(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    plate(model, frame, disc((0, v, FRONT), size, corners=24), _flat(rng, RED))
    _detail(model, frame, disc((0, v, FRONT), size * 0.78, corners=24), _flat(rng, WHITE))
    drawing = Drawing(1.0, 0.6, WHITE, density=50)
    letters(drawing, 0.1, 0.05, 0.95, 0.55, BLACK, rng)
    _detail(model, frame, _square(0, v, size * 0.5, size * 0.32), Surface(SIGN, sample=drawing.texture(), grain=0.3), 2)


def _no_entry(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    plate(model, frame, disc((0, v, FRONT), size, corners=24), _flat(rng, RED))
    _detail(model, frame, _square(0, v, size * 0.7, size * 0.16), _flat(rng, WHITE))


def _warning(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    turn = np.pi if rng.random() < 0.2 else 0.0
    v = v - 0.2 * size
    plate(model, frame, disc((0, v, FRONT), size * 1.2, corners=3, turn=turn), _flat(rng, RED))
    _detail(model, frame, disc((0, v, FRONT), size * 0.78, corners=3, turn=turn), _flat(rng, WHITE if rng.random() < 0.8 else YELLOW))
    _detail(model, frame, _square(rng.normal(0, 0.03), v, size * 0.1, size * 0.36), _flat(rng, BLACK), 2)


def _round_blue(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    plate(model, frame, disc((0, v, FRONT), size, corners=24), _flat(rng, BLUE))
    white, lean = _flat(rng, WHITE), rng.choice((-1, 0, 1)) * 0.35 * size
    points = [
        (-0.1 * size - lean, v - 0.55 * size, FRONT),
        (0.1 * size - lean, v - 0.55 * size, FRONT),
        (lean + 0.1 * size, v + 0.2 * size, FRONT),
        (lean - 0.1 * size, v + 0.2 * size, FRONT),
    ]
    _detail(model, frame, points, white)
    _detail(
        model,
        frame,
        [(lean - 0.35 * size, v + 0.2 * size, FRONT), (lean + 0.35 * size, v + 0.2 * size, FRONT), (1.3 * lean, v + 0.65 * size, FRONT)],
        white,
    )


def _square_blue(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    drawing = Drawing(1.0, 1.0, colours.varied(rng, BLUE, 0.12), density=48)
    letters(drawing, 0.3, 0.2, 0.75, 0.8, WHITE, rng)
    plate(model, frame, _square(0, v, size * 0.9, size * 0.9), Surface(SIGN, sample=drawing.texture(), grain=0.4))


def _diamond(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    plate(model, frame, disc((0, v, FRONT), size, corners=4), _flat(rng, WHITE))
    _detail(model, frame, disc((0, v, FRONT), size * 0.78, corners=4), _flat(rng, YELLOW))


def _stop(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    plate(model, frame, disc((0, v, FRONT), size * 1.05, corners=8, turn=np.pi / 8), _flat(rng, RED))
    drawing = Drawing(1.0, 0.4, RED, density=50)
    letters(drawing, 0.02, 0.03, 1.0, 0.37, WHITE, rng)
    _detail(model, frame, _square(0, v, size * 0.75, size * 0.3), Surface(SIGN, sample=drawing.texture(), grain=0.3))


def _small(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    """A little plate, such as the hours of parking."""
    drawing = Drawing(0.3, 0.4, rng.choice((WHITE, WHITE, YELLOW)), density=80)
    for row in (0.05, 0.15, 0.25):
        letters(drawing, 0.03, row, 0.28, row + 0.06, BLACK, rng)
    half = rng.uniform(0.14, 0.24)
    plate(model, frame, _square(0, v + size - half * 1.2, half, half * 1.2), Surface(SIGN, sample=drawing.texture(), grain=0.4))


def _direction(model: Model, frame: Frame, v: float, size: float, rng: np.random.Generator) -> None:
    """A finger post or a small board."""
    wide, tall = size * rng.uniform(1.4, 2.8), size * rng.uniform(0.35, 0.7)
    shift = rng.choice((-0.7, 0, 0.7)) * wide
    drawing = _written(2 * wide, 2 * tall, rng)
    plate(model, frame, _square(shift, v, wide, tall), Surface(SIGN, sample=drawing.texture(), grain=0.4))


def _written(wide: float, tall: float, rng: np.random.Generator) -> Drawing:
    ground = (GREEN, BLUE, WHITE, YELLOW, (0.35, 0.2, 0.12))[rng.integers(5)]
    ink = BLACK if sum(ground) > 1.4 else WHITE
    drawing = Drawing(wide, tall, colours.varied(rng, ground, 0.12), density=60)
    drawing.fill(0, 0, wide, 0.03, ink)
    drawing.fill(0, tall - 0.03, wide, tall, ink)
    rows = max(int(tall / 0.28), 1)
    for row in range(rows):
        bottom = (row + 0.25) * tall / rows
        letters(drawing, 0.08 * wide, bottom, wide * rng.uniform(0.5, 0.92), bottom + 0.5 * tall / rows, ink, rng)
    return drawing


KINDS = {
    "prohibition": _prohibition,
    "no entry": _no_entry,
    "warning": _warning,
    "round blue": _round_blue,
    "square blue": _square_blue,
    "diamond": _diamond,
    "stop": _stop,
    "small": _small,
    "direction": _direction,
}
SHARES = (0.2, 0.07, 0.16, 0.12, 0.09, 0.04, 0.03, 0.15, 0.14)
