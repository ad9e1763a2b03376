"""What stands beside the pavement: terraces, shops, offices, houses in gardens, parks; and what closes the view far away."""

from __future__ import annotations

import numpy as np

from mmseg.demo.streets.space.model import Model
from mmseg.demo.streets.street import END, KERB, Street
from mmseg.demo.streets.things import fences
from mmseg.demo.streets.things.buildings import add_house
from mmseg.demo.streets.things.facades import draw_design
from mmseg.demo.streets.things.parts import Frame
from mmseg.demo.streets.things.plants import add_bush, add_hedge, add_tree, add_wood, draw_species

CHARACTERS = {  # weights of terrace, shops, office, garden, park
    "terraces": (0.55, 0.1, 0.05, 0.2, 0.1),
    "shopping": (0.12, 0.56, 0.2, 0.06, 0.06),
    "suburb": (0.15, 0.04, 0.03, 0.5, 0.28),
    "business": (0.05, 0.15, 0.45, 0.15, 0.2),
    "green": (0.08, 0.03, 0.07, 0.27, 0.55),
}
KINDS = ("terrace", "shops", "office", "garden", "park")


def facing(street: Street, side: int, t: float, s: float, width: float) -> Frame:
    """The frame of a house at the distance ``t`` whose front runs along the street from ``s`` on and looks to the road."""
    return street.frame(t, s, y=KERB) if side > 0 else street.frame(-t, s + width, np.pi, y=KERB)


def add_frontages(model: Model, street: Street, species, rng: np.random.Generator) -> None:
    """Both sides of the street, a side street left free."""
    characters = [str(rng.choice(tuple(CHARACTERS)))] * 2
    if rng.random() < 0.5:
        characters[1] = str(rng.choice(tuple(CHARACTERS)))
    for side, character in zip((-1, 1), characters, strict=True):
        s = rng.uniform(-6, 2)
        while s < END:
            if not street.free(s, 0.5):
                s = street.crossing[1] + rng.uniform(0.6, 2)
            kind = KINDS[rng.choice(len(KINDS), p=CHARACTERS[character])]
            end = s + rng.uniform(12, 34)
            if street.crossing and s < street.crossing[0]:
                end = min(end, street.crossing[0] - 0.6)
            if end - s > 3:
                PIECES[kind](model, street, side, s, end, species, rng)
            s = end + (rng.uniform(0.0, 5) if rng.random() < 0.4 else 0.02)
    _close(model, street, species, rng)


def _row(model: Model, street: Street, side: int, start: float, end: float, rng: np.random.Generator, *, shops: bool, office: bool) -> None:
    """Houses of one design, wall to wall."""
    design = draw_design(rng, shops=shops, office=office)
    unit = rng.uniform(10, 22) if office else rng.uniform(4.2, 8.5)
    count = max(round((end - start) / unit), 1)
    unit = (end - start) / count
    floors = int(rng.integers(2, 5)) + int(office and rng.random() < 0.5)
    height, depth = floors * design.floor + rng.uniform(0.2, 0.8), rng.uniform(7, 11)
    front = street.sides[side].front if not shops else street.sides[side].pavement + 0.1
    for number in range(count):
        if shops and rng.random() < 0.6:  # every shop is a house of its own
            design = draw_design(rng, shops=True, office=False)
            height = int(rng.integers(2, 5)) * design.floor + rng.uniform(0.2, 0.8)
        s = start + number * unit
        add_house(model, facing(street, side, front, s, unit), unit, height, depth, design, rng, ends=number in (0, count - 1) or shops)


def _boundary(model: Model, street: Street, side: int, start: float, end: float, rng: np.random.Generator, *, fence: float, leaves) -> None:
    """What bounds a garden, with a gate now and then."""
    t = side * (street.sides[side].pavement + 0.1)
    kind = rng.choice(("fence", "wall", "hedge", "none"), p=(fence, (1 - fence) * 0.4, (1 - fence) * 0.45, (1 - fence) * 0.15))
    for a, b in _pieces(start, end, rng):
        first, last = street.frame(t, a, y=KERB), street.frame(t, b, y=KERB)
        if kind == "fence":
            fences.add_fence(model, first, last, rng)
        elif kind == "wall":
            fences.add_wall(model, first, last, rng)
        elif kind == "hedge":
            add_hedge(model, first, last, rng.uniform(0.9, 2.2), leaves, rng)


def _pieces(start: float, end: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    if end - start < 9:
        return [(start, end)]
    gate = rng.uniform(start + 3, end - 5)
    return [(start, gate), (gate + rng.uniform(1.0, 3.0), end)]


def _terrace(model: Model, street: Street, side: int, start: float, end: float, species, rng: np.random.Generator) -> None:
    _row(model, street, side, start, end, rng, shops=False, office=False)
    if street.sides[side].front - street.sides[side].pavement > 1:
        _boundary(model, street, side, start, end, rng, fence=0.55, leaves=species[1])
        _planting(model, street, side, start, end, species, rng, count=rng.poisson((end - start) / 9))


def _shops(model: Model, street: Street, side: int, start: float, end: float, species, rng: np.random.Generator) -> None:
    _row(model, street, side, start, end, rng, shops=True, office=False)


def _office(model: Model, street: Street, side: int, start: float, end: float, species, rng: np.random.Generator) -> None:
    _row(model, street, side, start, end, rng, shops=bool(rng.random() < 0.3), office=True)
    if street.sides[side].front - street.sides[side].pavement > 1 and rng.random() < 0.5:
        _boundary(model, street, side, start, end, rng, fence=0.6, leaves=species[1])


def _garden(model: Model, street: Street, side: int, start: float, end: float, species, rng: np.random.Generator) -> None:
    """A house of its own, set back behind a boundary."""
    design = draw_design(rng, shops=False, office=False)
    width = min(rng.uniform(7, 13), end - start - 1)
    s = rng.uniform(start, end - width)
    back = street.sides[side].pavement + rng.uniform(4, 11)
    height = int(rng.integers(1, 4)) * design.floor + 0.4
    add_house(model, facing(street, side, back, s, width), width, height, rng.uniform(7, 10), design, rng, ends=True)
    leaves = draw_species(rng)
    _boundary(model, street, side, start, end, rng, fence=0.6, leaves=leaves[1])
    _planting(model, street, side, start, end, leaves, rng, count=rng.poisson((end - start) / 5))


def _park(model: Model, street: Street, side: int, start: float, end: float, species, rng: np.random.Generator) -> None:
    """Trees on grass behind a fence, a hedge or nothing."""
    _boundary(model, street, side, start, end, rng, fence=0.7, leaves=species[1])
    base = street.sides[side].pavement
    for _ in range(rng.poisson((end - start) / 6)):
        t, s = side * (base + rng.uniform(1.5, 16)), rng.uniform(start, end)
        if s > 5:
            add_tree(model, street.frame(t, s), rng.uniform(5, 13), species if rng.random() < 0.6 else draw_species(rng), rng)
    if rng.random() < 0.7:
        far = street.frame(side * (base + rng.uniform(18, 40)), (start + end) / 2, side * np.pi / 2)
        add_wood(model, far, end - start + 8, rng.uniform(5, 11), species[1], rng)
    _planting(model, street, side, start, end, species, rng, count=rng.poisson(2))


def _planting(model: Model, street: Street, side: int, start: float, end: float, species, rng: np.random.Generator, *, count: int) -> None:
    """Bushes and small trees between the boundary and the house."""
    low = street.sides[side].pavement + 0.7
    high = max(street.sides[side].front - 0.4, low + 0.4)
    for _ in range(count):
        t, s = side * rng.uniform(low, high), rng.uniform(start, end)
        if s < 4:
            continue
        if rng.random() < 0.75:
            add_bush(model, street.frame(t, s, y=KERB), rng.uniform(0.7, 2.0), species[1], rng)
        else:
            add_tree(model, street.frame(t, s, y=KERB), rng.uniform(2.5, 6), species, rng)


PIECES = {"terrace": _terrace, "shops": _shops, "office": _office, "garden": _garden, "park": _park}


def _close(model: Model, street: Street, species, rng: np.random.Generator) -> None:
    """Houses and woods far behind, and at the end of the street."""
    for _ in range(18):
        s, t = rng.uniform(70, 260), rng.choice((-1, 1)) * rng.uniform(16, 130)
        if rng.random() < 0.5:
            design = draw_design(rng, shops=False, office=bool(rng.random() < 0.4))
            width = rng.uniform(9, 26)
            add_house(model, street.frame(t, s, -np.pi / 2 + rng.normal(0, 0.3)), width, rng.uniform(5, 20), 9, design, rng, ends=True)
        else:
            add_wood(model, street.frame(t, s), rng.uniform(20, 50), rng.uniform(5, 13), species[1], rng)
    for _ in range(5):
        t, s = rng.normal(0, 16), rng.uniform(160, 260)
        if rng.random() < 0.55:
            design = draw_design(rng, shops=False, office=False)
            add_house(model, street.frame(t - 10, s, -np.pi / 2), 20, rng.uniform(6, 14), 9, design, rng, ends=True)
        else:
            add_wood(model, street.frame(t, s), 45, rng.uniform(6, 12), species[1], rng)
    if street.crossing:
        middle = sum(street.crossing) / 2
        for side in (-1, 1):
            design = draw_design(rng, shops=False, office=False)
            add_house(
                model,
                street.frame(side * rng.uniform(32, 60), middle - 9, 0 if side > 0 else np.pi),
                18,
                rng.uniform(6, 11),
                9,
                design,
                rng,
                ends=True,
            )
