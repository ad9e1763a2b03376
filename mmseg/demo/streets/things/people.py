"""People who walk, stand and carry things, and people on bicycles.

Local axes: w ahead of the person, u to the right. Lengths are for somebody of 1.75 m and are scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.things.parts import Frame, box

PERSON, RIDER = 24, 25


@dataclass(frozen=True)
class Clothes:
    """What somebody wears: surfaces."""

    top: Surface
    sleeves: Surface
    trousers: Surface
    shoes: Surface
    skin: Surface
    hair: Surface


def draw_clothes(rng: np.random.Generator, label: int) -> Clothes:
    """Everybody draws other clothes."""
    top = colours.clothing(rng)
    if label == RIDER and rng.random() < 0.2:
        top = colours.hsv(rng, (0.12, 0.25), (0.7, 0.95), (0.75, 0.95))
    cloth = lambda colour: Surface(label, colour, grain=rng.uniform(0.2, 0.8))  # noqa: E731
    shirt = cloth(top)
    return Clothes(
        top=shirt,
        sleeves=shirt if rng.random() < 0.8 else cloth(colours.clothing(rng)),
        trousers=cloth(colours.clothing(rng)),
        shoes=cloth(colours.hsv(rng, (0, 1), (0, 0.3), (0.05, 0.4))),
        skin=Surface(label, colours.skin(rng), grain=0.4),
        hair=Surface(label, colours.hair(rng), grain=0.8),
    )


def add_person(model: Model, frame: Frame, rng: np.random.Generator, *, walking: bool | None = None) -> None:
    """Somebody on foot, 1.1 to 1.95 m tall."""
    tall = rng.uniform(1.1, 1.45) if rng.random() < 0.12 else float(np.clip(rng.normal(1.72, 0.09), 1.5, 1.95))
    k, clothes = tall / 1.75, draw_clothes(rng, PERSON)
    walking = rng.random() < 0.7 if walking is None else walking
    stride = rng.uniform(0.12, 0.36) if walking else rng.uniform(0.0, 0.08)
    stout = rng.uniform(0.88, 1.25)
    phase = rng.choice((-1, 1))
    skirt = rng.random() < 0.2
    for side in (-1, 1):
        swing = side * phase * stride
        hip, knee = (side * 0.09, 0.9, 0.0), (side * 0.1, 0.48, 0.55 * swing + 0.05)
        ankle = (side * 0.1, 0.07 + (0.1 if walking and swing < 0 else 0.0), swing)
        bare = clothes.skin if skirt else clothes.trousers
        _limb(model, frame, k, hip, knee, 0.085 * stout, 0.065 * stout, clothes.trousers)
        _limb(model, frame, k, knee, ankle, 0.062 * stout, 0.045, bare)
        _limb(model, frame, k, ankle, (ankle[0], 0.045, ankle[2] + 0.16), 0.045, 0.04, clothes.shoes)
    lean = 0.06 if walking else 0.0
    if skirt or rng.random() < 0.3:  # a skirt or a long coat
        _limb(
            model,
            frame,
            k,
            (0, 0.95, 0),
            (0, rng.uniform(0.5, 0.75), 0),
            0.17 * stout,
            0.2 * stout,
            clothes.trousers if skirt else clothes.top,
        )
    _torso(model, frame, k, (0, 0.9, 0), (0, 1.38, lean), stout, clothes.top)
    pose = rng.random()
    for side in (-1, 1):
        swing = -side * phase * stride * 0.8
        shoulder = (side * 0.2 * stout, 1.38, lean)
        if pose < 0.75:
            elbow, hand = (side * 0.25 * stout, 1.12, lean + 0.3 * swing), (side * 0.24, 0.86, lean + swing)
        else:  # hands in front: a phone, a pram, folded arms
            elbow, hand = (side * 0.25 * stout, 1.12, 0.02), (side * 0.08, 1.12, 0.26)
        _limb(model, frame, k, shoulder, elbow, 0.06 * stout, 0.05, clothes.sleeves)
        _limb(model, frame, k, elbow, hand, 0.048, 0.038, clothes.sleeves if rng.random() < 0.85 else clothes.skin)
        model.ball(frame.at([np.array(hand) * k])[0], 0.048 * k, clothes.skin)
    _head(model, frame, k, (0, 1.63, lean + 0.03), clothes, rng, PERSON)
    _load(model, frame, k, lean, rng)


def _limb(model: Model, frame: Frame, k: float, start, end, radius: float, end_radius: float, surface: Surface) -> None:
    a, b = frame.at(np.array([start, end]) * k)
    model.limb(a, b, radius * k, surface, end_radius * k)


def _torso(model: Model, frame: Frame, k: float, hips, shoulders, stout: float, surface: Surface) -> None:
    """Broader than deep: three columns beside each other, and the line of the shoulders."""
    (u0, v0, w0), (u1, v1, w1) = hips, shoulders
    for side in (-0.085, 0.085):
        _limb(model, frame, k, (u0 + side * stout, v0, w0), (u1 + 1.15 * side * stout, v1, w1), 0.105 * stout, 0.1 * stout, surface)
    _limb(model, frame, k, hips, shoulders, 0.13 * stout, 0.12 * stout, surface)
    _limb(model, frame, k, (u1 - 0.15 * stout, v1, w1), (u1 + 0.15 * stout, v1, w1), 0.075, 0.075, surface)


def _head(model: Model, frame: Frame, k: float, centre, clothes: Clothes, rng: np.random.Generator, label: int) -> None:
    u, v, w = centre
    _limb(model, frame, k, (u, v - 0.2, w - 0.02), (u, v - 0.08, w), 0.05, 0.05, clothes.skin)
    _limb(model, frame, k, (u, v - 0.05, w + 0.015), (u, v + 0.03, w + 0.015), 0.078, 0.088, clothes.skin)
    kind = rng.random()
    if label == RIDER and kind < 0.5:
        helmet = Surface(label, colours.paint(rng), gloss=0.3)
        _limb(model, frame, k, (u, v + 0.07, w - 0.05), (u, v + 0.06, w + 0.06), 0.11, 0.1, helmet)
    elif kind < 0.72:
        _limb(model, frame, k, (u, v + 0.05, w - 0.01), (u, v - rng.uniform(-0.02, 0.18), w - 0.06), 0.1, 0.085, clothes.hair)
    elif kind < 0.86:  # a hat or a hood
        hat = Surface(label, colours.clothing(rng), grain=0.6)
        _limb(model, frame, k, (u, v + 0.09, w - 0.01), (u, v + 0.04, w - 0.01), 0.09, 0.105, hat)
    else:
        _limb(model, frame, k, (u, v + 0.06, w - 0.02), (u, v + 0.03, w - 0.03), 0.088, 0.092, clothes.hair)


def _load(model: Model, frame: Frame, k: float, lean: float, rng: np.random.Generator) -> None:
    """A bag, a rucksack, or nothing."""
    kind, cloth = rng.random(), Surface(PERSON, colours.clothing(rng), grain=0.6)
    if kind < 0.18:
        _limb(model, frame, k, (0, 1.05, lean - 0.2), (0, 1.32, lean - 0.2), 0.14, 0.11, cloth)
    elif kind < 0.42:
        side = rng.choice((-1, 1)) * (0.27 * k)
        low = rng.uniform(0.35, 0.6) * k
        box(model, frame, (side - 0.06, side + 0.06), (low, low + 0.3 * k), (-0.16 * k, 0.16 * k), cloth)
    elif kind < 0.5:
        _limb(model, frame, k, (-0.14, 1.4, lean), (0.22, 0.85, lean - 0.05), 0.05, 0.14, cloth)


def add_rider(model: Model, frame: Frame, rng: np.random.Generator) -> None:
    """Somebody who sits on a bicycle at the frame: see :func:`mmseg.demo.streets.things.vehicles.cycles.add_bicycle`."""
    clothes, phase = draw_clothes(rng, RIDER), rng.uniform(0, 2 * np.pi)
    k = rng.uniform(0.94, 1.06)
    upright = rng.uniform(0.0, 1.0)
    seat, shoulders = (0, 0.98, -0.22), (0, 1.46 + 0.06 * upright, 0.16 - 0.16 * upright)
    for side in (-1, 1):
        turn = phase + (0 if side > 0 else np.pi)
        pedal = (side * 0.1, 0.3 + 0.16 * np.sin(turn), -0.02 + 0.16 * np.cos(turn))
        knee = (side * 0.13, (seat[1] + pedal[1]) / 2 + 0.1, (seat[2] + pedal[2]) / 2 + 0.3)
        _limb(model, frame, k, (side * 0.08, seat[1], seat[2]), knee, 0.085, 0.065, clothes.trousers)
        _limb(model, frame, k, knee, (pedal[0], pedal[1] + 0.06, pedal[2] - 0.04), 0.06, 0.045, clothes.trousers)
        _limb(
            model,
            frame,
            k,
            (pedal[0], pedal[1] + 0.04, pedal[2] - 0.06),
            (pedal[0], pedal[1] + 0.02, pedal[2] + 0.12),
            0.045,
            0.04,
            clothes.shoes,
        )
    _torso(model, frame, k, seat, shoulders, rng.uniform(0.9, 1.15), clothes.top)
    for side in (-1, 1):
        elbow, hand = (side * 0.27, shoulders[1] - 0.25, shoulders[2] + 0.14), (side * 0.23, 1.04, 0.42)
        _limb(model, frame, k, (side * 0.19, shoulders[1], shoulders[2]), elbow, 0.06, 0.05, clothes.sleeves)
        _limb(model, frame, k, elbow, hand, 0.048, 0.04, clothes.sleeves)
        model.ball(frame.at([np.array(hand) * k])[0], 0.05 * k, clothes.skin)
    _head(model, frame, k, (0, shoulders[1] + 0.24, shoulders[2] + 0.09), clothes, rng, RIDER)
    if rng.random() < 0.25:
        bag = Surface(RIDER, colours.clothing(rng), grain=0.6)
        _limb(model, frame, k, (0, shoulders[1] - 0.32, shoulders[2] - 0.26), (0, shoulders[1] - 0.08, shoulders[2] - 0.2), 0.14, 0.11, bag)
