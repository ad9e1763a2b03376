"""Lamp posts, traffic lights, bollards, bins, bus stops, telegraph poles, boxes and trees' guards.

Local axes: -w towards the traffic that comes, u to the right; ``inward`` is the sign of u towards the road.
"""

from __future__ import annotations

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.texture import Drawing
from mmseg.demo.streets.things.parts import Frame, bars, box, disc, face
from mmseg.demo.streets.things.signs import plate
from mmseg.demo.streets.things.windows import letters

STATIC, POLE, LIGHT, SIGN = 4, 17, 19, 20


def post_surface(rng: np.random.Generator, colour=None) -> Surface:
    """Metal or paint of a post."""
    return Surface(POLE, colours.metal(rng) if colour is None else colour, grain=0.5, gloss=rng.uniform(0, 0.25))


def draw_lamp_manner(rng: np.random.Generator) -> dict:
    """The lamps of a street are alike."""
    return {
        "kind": str(rng.choice(("arm", "curved", "top", "lantern", "double"), p=(0.35, 0.25, 0.15, 0.15, 0.1))),
        "height": rng.uniform(4.0, 6.0) if rng.random() < 0.35 else rng.uniform(6.5, 10.5),
        "radius": rng.uniform(0.05, 0.11),
        "colour": colours.metal(rng),
        "reach": rng.uniform(0.6, 2.4),
        "glow": rng.uniform(2, 8) if rng.random() < 0.06 else 0.0,
    }


def add_lamp(model: Model, frame: Frame, inward: int, manner: dict, rng: np.random.Generator) -> None:
    """A street lamp: a thicker foot, a post, and a head of one of several kinds."""
    post = post_surface(rng, manner["colour"])
    head = Surface(POLE, colours.tinted(manner["colour"], 1.15), grain=0.6)
    light = Surface(POLE, (0.8, 0.79, 0.72), glow=manner["glow"], gloss=0.3)
    high, radius, reach = manner["height"], manner["radius"], manner["reach"]
    bars(model, frame, [(0, 0, 0), (0, high * 0.14, 0)], radius * 1.55, post)
    base, top = frame.at([(0, 0, 0), (0, high, 0)])
    model.limb(base, top, radius, post, radius * 0.6)
    for sign in (inward, -inward) if manner["kind"] == "double" else (inward,):
        if manner["kind"] in ("arm", "double"):
            tip = (sign * reach, high + 0.25, 0)
            bars(model, frame, [(0, high - 0.05, 0), tip], radius * 0.5, post)
            box(model, frame, tuple(sorted((tip[0], tip[0] + sign * 0.6))), (tip[1] - 0.08, tip[1] + 0.06), (-0.13, 0.13), head)
            box(
                model,
                frame,
                tuple(sorted((tip[0] + sign * 0.1, tip[0] + sign * 0.55))),
                (tip[1] - 0.14, tip[1] - 0.08),
                (-0.11, 0.11),
                light,
            )
        elif manner["kind"] == "curved":
            angles = np.linspace(np.pi, np.pi * 0.35, 6)
            curve = [(sign * reach * (0.6 + 0.6 * np.cos(a)), high + 0.6 * reach * np.sin(a), 0) for a in angles]
            bars(model, frame, curve, radius * 0.55, post)
            end = curve[-1]
            bars(model, frame, [end, np.add(end, (sign * 0.55, -0.12, 0))], 0.1, head)
            bars(model, frame, [np.add(end, (sign * 0.1, -0.08, 0)), np.add(end, (sign * 0.5, -0.16, 0))], 0.08, light)
    if manner["kind"] == "top":
        bars(model, frame, [(0, high, 0), (0, high + 0.12, 0)], 0.22, head)
        bars(model, frame, [(0, high - 0.1, 0), (0, high - 0.02, 0)], 0.18, light)
    elif manner["kind"] == "lantern":
        face_surface = Surface(POLE, (0.55, 0.54, 0.5), gloss=0.7, glow=manner["glow"])
        box(model, frame, (-0.16, 0.16), (high, high + 0.42), (-0.16, 0.16), face_surface)
        bars(model, frame, [(0, high + 0.42, 0), (0, high + 0.6, 0)], 0.15, post)
        bars(model, frame, [(-0.35, high - 0.3, 0), (0.35, high - 0.3, 0)], 0.03, post)
    if rng.random() < 0.25:
        box(model, frame, (-0.16, 0.16), (1.8, 2.25), (-radius - 0.06, -radius - 0.03), Surface(SIGN, colours.paint(rng)))


def add_traffic_light(model: Model, frame: Frame, inward: int, rng: np.random.Generator) -> None:
    """A signal on a post, with one for those who walk at times; or on an arm over the road."""
    post, high = post_surface(rng), rng.uniform(2.9, 3.6)
    lit = int(rng.integers(3))
    away = rng.random() < 0.25
    bars(model, frame, [(0, 0, 0), (0, high, 0)], rng.uniform(0.05, 0.075), post)
    _signal(model, frame, (0.0, high - 0.15), lit, rng, away=away)
    if rng.random() < 0.3:
        reach = inward * rng.uniform(2.0, 4.5)
        bars(model, frame, [(0, high, 0), (0, high + 2.0, 0), (reach, high + 2.3, 0)], 0.06, post)
        _signal(model, frame, (reach, high + 2.0), lit, rng)
    if rng.random() < 0.4:
        black = Surface(LIGHT, (0.05, 0.05, 0.05))
        box(model, frame, (0.14 * inward - 0.13, 0.14 * inward + 0.13), (2.0, 2.5), (-0.2, -0.04), black)
        lamp = Surface(LIGHT, (0.7, 0.1, 0.08), glow=4.0)
        face(model, frame, disc((0.14 * inward, 2.35, -0.21), 0.08), lamp, (0, 0, -1))
    if rng.random() < 0.5:
        box(model, frame, (-0.09, 0.09), (1.0, 1.25), (-0.16, -0.05), Surface(POLE, colours.paint(rng)))


def _signal(model: Model, frame: Frame, at, lit: int, rng: np.random.Generator, *, away: bool = False) -> None:
    """Three lamps on a backing board, with hoods; its back where it is turned away."""
    u, v = at
    black = Surface(LIGHT, colours.hsv(rng, (0, 1), (0, 0.2), (0.03, 0.14)), grain=0.8)
    half, tall = rng.uniform(0.16, 0.3), rng.uniform(0.5, 0.65)
    if rng.random() < 0.4:
        rim = Surface(LIGHT, (0.85, 0.85, 0.84))
        face(model, frame, _square(u, v, half + 0.04, tall + 0.04, -0.105), rim, (0, 0, -1))
    face(model, frame, _square(u, v, half, tall, -0.11), black)
    box(model, frame, (u - 0.15, u + 0.15), (v - 0.46, v + 0.46), (-0.26, -0.06), black)
    if away:
        return
    for lamp, colour in enumerate(((0.95, 0.12, 0.08), (0.98, 0.65, 0.1), (0.15, 0.95, 0.6))):
        on = lamp == lit
        surface = Surface(LIGHT, colour if on else colours.tinted(colour, 0.22), glow=rng.uniform(3, 10) if on else 0.0, gloss=0.3)
        centre = (u, v + (1 - lamp) * 0.3, -0.265)
        face(model, frame, disc(centre, 0.105), surface, (0, 0, -1))
        hood = [
            (u - 0.12, centre[1] + 0.03, -0.27),
            (u + 0.12, centre[1] + 0.03, -0.27),
            (u + 0.11, centre[1] + 0.12, -0.45),
            (u - 0.11, centre[1] + 0.12, -0.45),
        ]
        face(model, frame, hood, black)


def _square(u: float, v: float, half: float, tall: float, w: float) -> list[tuple[float, float, float]]:
    return [(u - half, v - tall, w), (u + half, v - tall, w), (u + half, v + tall, w), (u - half, v + tall, w)]


def add_bollard(model: Model, frame: Frame, manner: int, colour, rng: np.random.Generator) -> None:
    """A short post, of iron, steel, wood, or striped."""
    post = post_surface(rng, colour)
    high, radius = (0.95, 0.07) if manner % 2 else (0.85, 0.1)
    bars(model, frame, [(0, 0, 0), (0, high, 0)], radius, post)
    if manner in (1, 2):
        model.ball(frame.at([(0, high + 0.03, 0)])[0], radius * 1.25, post)
    if manner in (0, 3):
        bars(model, frame, [(0, high - 0.2, 0), (0, high - 0.12, 0)], radius * 1.06, Surface(POLE, (0.85, 0.84, 0.8)))


def add_belisha(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """The striped post with an orange globe beside a zebra crossing."""
    for number, v in enumerate(np.arange(0, 2.8, 0.35)):
        surface = Surface(POLE, (0.06, 0.06, 0.06) if number % 2 else (0.88, 0.88, 0.86), grain=0.5)
        bars(model, frame, [(0, v, 0), (0, v + 0.35, 0)], 0.055, surface)
    model.ball(frame.at([(0, 3.0, 0)])[0], 0.17, Surface(LIGHT, (0.95, 0.55, 0.08), glow=rng.uniform(0, 3)))


def add_bin(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A litter bin, a wheeled bin or a cabinet: outside the 19 classes."""
    surface = Surface(STATIC, colours.paint(rng) if rng.random() < 0.5 else colours.hsv(rng, (0, 1), (0, 0.5), (0.08, 0.3)), grain=0.6)
    dark = Surface(STATIC, (0.08, 0.08, 0.08))
    if rng.random() < 0.4:
        bars(model, frame, [(0, 0.1, 0), (0, 0.85, 0)], 0.24, surface)
        bars(model, frame, [(0, 0.98, 0), (0, 1.0, 0)], 0.25, dark)
    else:
        half, high = rng.uniform(0.25, 0.4), rng.uniform(0.9, 1.5)
        box(model, frame, (-half, half), (0, high), (-half * 0.7, half * 0.7), surface)
        box(model, frame, (-half * 1.06, half * 1.06), (high - 0.08, high), (-half * 0.75, half * 0.75), surface, dark)


def add_pillar_box(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A red or yellow letter box."""
    surface = Surface(STATIC, colours.hsv(rng, (-0.02, 0.02), (0.75, 0.9), (0.4, 0.7)), grain=0.8, gloss=0.2)
    bars(model, frame, [(0, 0, 0), (0, 1.35, 0)], 0.22, surface)
    bars(model, frame, [(0, 1.4, 0), (0, 1.45, 0)], 0.25, surface)


def add_bus_stop(model: Model, frame: Frame, inward: int, rng: np.random.Generator) -> None:
    """A flag on a post with a timetable, and a shelter of glass at times."""
    bars(model, frame, [(0, 0, 0), (0, 2.8, 0)], 0.05, post_surface(rng))
    colour = colours.paint(rng)
    flag = Drawing(0.5, 0.55, colour, density=60)
    letters(flag, 0.06, 0.3, 0.44, 0.45, (0.92, 0.92, 0.9), rng)
    letters(flag, 0.06, 0.08, 0.4, 0.2, (0.92, 0.92, 0.9), rng)
    a, b = sorted((0.05 * inward, 0.55 * inward))
    plate(
        model,
        frame,
        [(a, 2.25, -0.02), (b, 2.25, -0.02), (b, 2.8, -0.02), (a, 2.8, -0.02)],
        Surface(SIGN, sample=flag.texture(), grain=0.4),
    )
    if rng.random() < 0.6:
        return
    metal, pane = Surface(STATIC, colours.metal(rng)), Surface(STATIC, (0.3, 0.33, 0.34), gloss=0.9)
    out = -inward
    for w in (1.0, 4.2):
        for u in (0.9, 2.2):
            bars(model, frame, [(out * u, 0, w), (out * u, 2.4, w)], 0.045, metal)
    box(model, frame, tuple(sorted((out * 0.7, out * 2.3))), (2.4, 2.5), (0.8, 4.4), metal)
    for w in np.arange(1.1, 4.1, 1.03):
        face(model, frame, [(out * 2.2, 0.5, w), (out * 2.2, 0.5, w + 0.95), (out * 2.2, 2.2, w + 0.95), (out * 2.2, 2.2, w)], pane)
    advert = Surface(STATIC, colours.paint(rng), gloss=0.5)
    box(model, frame, tuple(sorted((out * 0.9, out * 2.1))), (0.4, 2.2), (4.16, 4.26), advert)


def add_telegraph_pole(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """A wooden pole with cross arms; its wires are too thin to be labelled."""
    wood = Surface(POLE, colours.wood(rng), grain=1.0)
    high = rng.uniform(6.5, 8.5)
    base, top = frame.at([(0, 0, 0), (0, high, 0)])
    model.limb(base, top, 0.13, wood, 0.1)
    for v in (high - 0.3, high - 0.8)[: int(rng.integers(1, 3))]:
        bars(model, frame, [(-0.7, v, 0), (0.7, v, 0)], 0.05, wood)
