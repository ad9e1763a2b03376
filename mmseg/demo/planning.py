"""Draws a street from a style's frequencies: cross-section, frontages, traffic, people, furniture.

Axes as in :mod:`mmseg.demo.painting.camera`; lengths are metres.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mmseg.demo.layout import LANE, PARKING, Frontage, Layout, Side, Thing, far_to_near
from mmseg.demo.painting.camera import FAR, NEAR, Camera
from mmseg.demo.styles import Frequencies, Style

NEAREST, FARTHEST = 6.0, 62.0  # where things stand, in metres ahead

SIZES = {  # length, width, height in metres
    "car": (4.3, 1.8, 1.45),
    "truck": (8.5, 2.4, 3.3),
    "bus": (11.5, 2.5, 3.0),
    "train": (24.0, 2.6, 3.5),
    "bicycle": (1.75, 0.5, 1.05),
    "motorcycle": (2.1, 0.7, 1.1),
    "person": (0.5, 0.5, 1.75),
    "rider": (1.75, 0.5, 1.75),
    "lamp": (0.3, 0.3, 6.5),
    "light": (0.3, 0.3, 3.6),
    "sign": (0.3, 0.3, 2.7),
    "tree": (2.0, 2.0, 6.0),
    "bin": (0.8, 0.6, 1.1),
}


def draw_layout(style: Style, width: int, height: int, rng: np.random.Generator) -> Layout:
    """Draws a street for an image of ``width`` x ``height`` pixels."""
    frequencies = style.frequencies
    camera = Camera(
        width=width,
        height=height,
        focal=0.58 * width,
        horizon=height * rng.uniform(0.4, 0.47),
        eye=style.eye * rng.uniform(0.95, 1.08),
        yaw=rng.normal(0, 0.065),
        bend=rng.normal(0, 0.0007),
    )
    lanes, left, right = _cross_section(frequencies, rng)
    crossing = None
    if rng.random() < frequencies.crossing:
        start = rng.uniform(14, 45)
        crossing = (start, start + rng.uniform(7, 11))
    layout = Layout(camera, left, right, lanes, crossing, int(rng.choice((-1, 1))), (), (), ())
    frontages = [f for side in (-1, 1) for f in _frontages(layout, side, frequencies, rng)]
    backdrop = [_behind(f, rng) for f in frontages if f.kind != "building"]
    return replace(
        layout,
        frontages=tuple(sorted(frontages, key=lambda f: -f.far)),
        backdrop=tuple(sorted(backdrop, key=lambda f: -f.far)),
        things=tuple(far_to_near(_things(layout, frequencies, rng))),
    )


def _cross_section(frequencies: Frequencies, rng: np.random.Generator) -> tuple[tuple[float, ...], Side, Side]:
    lanes_left = 1 + int(rng.random() < 0.35)
    lanes_right = int(rng.random() < 0.2)
    lanes = tuple(LANE * i for i in range(-lanes_left, lanes_right + 1))
    tram_side = int(rng.choice((-1, 1))) if rng.random() < frequencies.trains else 0
    sides = {}
    for side, count in ((-1, lanes_left), (1, lanes_right)):
        parking = bool(rng.random() < frequencies.parking)
        road = LANE * (count + 0.5) + PARKING * parking + 0.3
        verge = road
        if side == tram_side:
            verge = road + 4.2
        elif rng.random() < frequencies.verge:
            verge = road + rng.uniform(1.2, 2.6)
        sidewalk = verge + rng.uniform(3.5, 6.0)
        sides[side] = Side(road, verge, sidewalk, parking, side * (road + 2.1) if side == tram_side else None)
    return lanes, sides[-1], sides[1]


def _frontages(layout: Layout, side: int, frequencies: Frequencies, rng: np.random.Generator) -> list[Frontage]:
    kinds = ("building", "wall", "fence", "hedge", "trees")
    weights = np.array(frequencies.frontage) / sum(frequencies.frontage)
    lateral = layout.side(side).sidewalk
    pieces = []
    near = NEAR + 0.2
    while near < FAR * 0.6:
        if layout.crossing and layout.crossing[0] - 4 <= near < layout.crossing[1]:
            near = layout.crossing[1] + rng.uniform(0.5, 3)
        kind = str(rng.choice(kinds, p=weights))
        far = near + (rng.uniform(8, 18) if kind == "building" else rng.uniform(10, 24))
        if layout.crossing and near < layout.crossing[0]:
            far = min(far, layout.crossing[0] - 0.5)
        low, high = {"building": (7, 19), "wall": (1.8, 3.6), "fence": (1.5, 2.6), "hedge": (1.2, 2.4), "trees": (4, 9)}[kind]
        setback = rng.uniform(0, 1.2) if kind == "building" else 0.0
        pieces.append(Frontage(kind, side, lateral + setback, near, far, rng.uniform(low, high), _seed(rng)))
        near = far + (rng.uniform(0, 4) if rng.random() < 0.25 else 0.0)
    return pieces


def _behind(front: Frontage, rng: np.random.Generator) -> Frontage:
    kind = "building" if rng.random() < 0.55 else "trees"
    height = rng.uniform(5, 12) if kind == "building" else rng.uniform(4, 8)
    return replace(front, kind=kind, lateral=front.lateral + rng.uniform(5, 14), height=height, seed=_seed(rng))


def _things(layout: Layout, frequencies: Frequencies, rng: np.random.Generator) -> list[Thing]:
    return [
        *_traffic(layout, frequencies, rng),
        *_parked(layout, frequencies, rng),
        *_trains(layout, rng),
        *_people(layout, frequencies, rng),
        *_furniture(layout, frequencies, rng),
    ]


def _thing(kind: str, x: float, z: float, rng: np.random.Generator, heading: float = 0.0, spread: float = 0.06) -> Thing:
    length, width, height = (size * math.exp(rng.normal(0, spread)) for size in SIZES[kind])
    return Thing(kind, float(x), float(z), _seed(rng), heading, length, width, height)


def _distance(rng: np.random.Generator, near: float = NEAREST, far: float = FARTHEST) -> float:
    """Evenly spread over the image rather than over the street, so that near things occur as well."""
    return near * (far / near) ** rng.random()


def _traffic(layout: Layout, frequencies: Frequencies, rng: np.random.Generator) -> list[Thing]:
    placed: list[tuple[float, Thing]] = []
    counts = {"car": frequencies.cars, "truck": frequencies.trucks, "bus": frequencies.buses, "rider": frequencies.riders}
    for kind, expected in counts.items():
        for _ in range(rng.poisson(expected)):
            lane = float(rng.choice(layout.lanes))
            length = SIZES[kind][0]
            z = _distance(rng, 9.0 + length / 2 if lane == 0 else 6.5 + length / 2)
            if any(lane == other and abs(z - thing.z) < (length + thing.length) / 2 + 2 for other, thing in placed):
                continue
            heading = math.pi if lane < -1 else 0.0
            edge = rng.uniform(0.6, 1.2) * (1 if heading == 0 else -1) if kind == "rider" else rng.normal(0, 0.15)
            placed.append((lane, _thing(kind, lane + edge, z, rng, heading + rng.normal(0, 0.03))))
    if layout.crossing and rng.random() < 0.6:  # someone crosses in the side street
        z = sum(layout.crossing) / 2
        if not any(abs(thing.z - z) < thing.length / 2 + 4 for _, thing in placed):
            kind = str(rng.choice(("car", "truck", "bus", "rider"), p=(0.5, 0.12, 0.13, 0.25)))
            x = rng.uniform(-layout.left.road, layout.right.road)
            placed.append((x, _thing(kind, x, z, rng, math.pi / 2 * rng.choice((-1, 1)))))
    return [thing for _, thing in placed]


def _parked(layout: Layout, frequencies: Frequencies, rng: np.random.Generator) -> list[Thing]:
    things = []
    for which in (-1, 1):
        side = layout.side(which)
        if not side.parking:
            continue
        z = rng.uniform(5.0, 9.0)
        while z < FARTHEST:
            kind = "truck" if rng.random() < 0.06 else "car"
            length = SIZES[kind][0]
            z += length / 2
            free = layout.crossing is None or not layout.crossing[0] - 5 < z < layout.crossing[1] + 5
            if free and rng.random() < frequencies.parked:
                heading = 0.0 if which > 0 else math.pi
                things.append(_thing(kind, which * (side.road - PARKING / 2), z, rng, heading + rng.normal(0, 0.02)))
            z += length / 2 + rng.uniform(0.9, 1.6)
    return things


def _trains(layout: Layout, rng: np.random.Generator) -> list[Thing]:
    things = []
    for side in (layout.left, layout.right):
        if side.tram is not None:
            train = _thing("train", side.tram, 0.0, rng, 0.0 if side.tram > 0 else math.pi, 0.02)
            things.append(replace(train, z=_distance(rng, 7.0, 35.0) + train.length / 2))
    return things


def _people(layout: Layout, frequencies: Frequencies, rng: np.random.Generator) -> list[Thing]:
    things = []
    for _ in range(rng.poisson(frequencies.persons)):
        x, z = _sidewalk(layout, rng), _distance(rng, far=45.0)
        if rng.random() < 0.15:  # on the road
            x, z = rng.uniform(-layout.left.road, layout.right.road), _distance(rng, 10.0)
        for step in range(1 + int(rng.random() < 0.25)):  # some walk in pairs
            things.append(_thing("person", x + 0.65 * step, z + 0.1 * step, rng, rng.choice((-1, 1)) * math.pi / 2))
    for kind, expected in (("bicycle", frequencies.bicycles), ("motorcycle", frequencies.motorcycles)):
        for _ in range(rng.poisson(expected)):
            heading = math.pi / 2 * rng.choice((-1, 1)) + rng.normal(0, 0.35)
            things.append(_thing(kind, _sidewalk(layout, rng), _distance(rng, far=45.0), rng, heading))
    return things


def _furniture(layout: Layout, frequencies: Frequencies, rng: np.random.Generator) -> list[Thing]:
    things = []
    for which in (-1, 1):
        side = layout.side(which)
        kerb = which * (side.road + 0.45)
        z = rng.uniform(9, 20)
        while z < FARTHEST:
            if rng.random() < frequencies.lamps:
                things.append(_thing("lamp", kerb, z, rng, which))
            z += rng.uniform(9, 16)
        z = rng.uniform(8, 16)
        while z < FARTHEST:
            if rng.random() < frequencies.trees and side.tram is None:
                things.append(_thing("tree", which * (side.road + 0.8), z, rng, spread=0.2))
            z += rng.uniform(6, 11)
    for kind, expected in (("sign", frequencies.signs), ("light", frequencies.lights), ("bin", frequencies.bins)):
        for _ in range(rng.poisson(expected)):
            which = int(rng.choice((-1, 1)))
            z = _distance(rng, 11.0, 50.0)
            if kind == "light" and layout.crossing and rng.random() < 0.7:
                z = layout.crossing[0] - rng.uniform(0.5, 2)
            x = which * (layout.side(which).road + rng.uniform(0.3, 0.9))
            things.append(_thing(kind, x, z, rng, which))
    return things


def _sidewalk(layout: Layout, rng: np.random.Generator) -> float:
    which = int(rng.choice((-1, 1)))
    side = layout.side(which)
    return which * rng.uniform(side.verge + 0.4, side.sidewalk - 0.5)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))
