"""What moves or stands on the road and on the pavement: traffic, parked cars, people, cycles, posts and signs.

Distances are drawn evenly over the picture rather than over the street, so that near things and far ones occur.
"""

from __future__ import annotations

import math

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model
from mmseg.demo.streets.street import KERB, LANE, PARKING, Street
from mmseg.demo.streets.things import fences, furniture, people, plants, signs
from mmseg.demo.streets.things.parts import Frame
from mmseg.demo.streets.things.vehicles import cars, cycles, large_vehicles

FARTHEST = 75.0


class Places:
    """What is taken, so that nothing stands in something else."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, float, float, float]] = []

    def take(self, t: float, s: float, wide: float, long: float) -> bool:
        """Takes a rectangle around (t, s) if it is free."""
        for other_t, other_s, other_wide, other_long in self.taken:
            if abs(t - other_t) < (wide + other_wide) / 2 and abs(s - other_s) < (long + other_long) / 2:
                return False
        self.taken.append((t, s, wide, long))
        return True


def distance(rng: np.random.Generator, near: float, far: float = FARTHEST) -> float:
    return near * (far / near) ** rng.random()


def add_population(model: Model, street: Street, species, rng: np.random.Generator) -> None:
    """Everything, in an order in which the rarer finds room first."""
    places = Places()
    _posts(model, street, places, species, rng)
    _signs(model, street, places, rng)
    _zebra(model, street, places, rng)
    _traffic(model, street, places, rng)
    _riders(model, street, places, rng)
    _parked(model, street, places, rng)
    _people(model, street, places, rng)
    _cycles(model, street, places, rng)
    _odds(model, street, places, rng)


def _kerbside(street: Street, side: int, inset: float) -> float:
    return side * (street.sides[side].road + inset)


def _posts(model: Model, street: Street, places: Places, species, rng: np.random.Generator) -> None:
    """Lamps, traffic lights, trees, bollards, guard rails and telegraph poles along the kerbs."""
    lamps, bollard, paint = furniture.draw_lamp_manner(rng), int(rng.integers(4)), colours.metal(rng)
    both, step = rng.random() < 0.6, rng.uniform(14, 26)
    trees = rng.random() < 0.55
    for side in (-1, 1):
        if both or side == street.keep:
            for s in np.arange(rng.uniform(5, 20), 130, step):
                t = _kerbside(street, side, 0.5)
                if street.free(s, 1) and places.take(t, s, 0.5, 0.8):
                    furniture.add_lamp(model, street.frame(t, s, y=KERB), -side, lamps, rng)
        if trees:
            for s in np.arange(rng.uniform(7, 16), 110, rng.uniform(8, 16)):
                t = _kerbside(street, side, 0.9)
                if street.free(s, 3) and rng.random() < 0.7 and places.take(t, s, 1.0, 1.0):
                    plants.add_tree(model, street.frame(t, s, y=KERB), rng.uniform(4.5, 10), species, rng)
        if rng.random() < 0.45:  # a guard rail, before a crossing above all
            start = (street.crossing[0] - rng.uniform(8, 18)) if street.crossing and rng.random() < 0.7 else rng.uniform(5, 25)
            end = start + rng.uniform(6, 14)
            if street.crossing and start < street.crossing[0]:
                end = min(end, street.crossing[0] - 1.5)
            if end - start > 2 and street.free(start):
                t = _kerbside(street, side, 0.35)
                fences.add_guard_rail(model, street.frame(t, start, y=KERB), street.frame(t, end, y=KERB), rng)
        elif rng.random() < 0.4:
            start = distance(rng, 5, 35)
            for s in np.arange(start, start + rng.uniform(6, 25), rng.uniform(1.4, 2.4)):
                t = _kerbside(street, side, 0.4)
                if street.free(s, 0.5) and places.take(t, s, 0.3, 0.3):
                    furniture.add_bollard(model, street.frame(t, s, y=KERB), bollard, paint, rng)
    if rng.random() < 0.2:
        side = int(rng.choice((-1, 1)))
        for s in np.arange(rng.uniform(10, 25), 120, rng.uniform(25, 35)):
            t = side * (street.sides[side].pavement - 0.3)
            if street.free(s, 1) and places.take(t, s, 0.4, 0.4):
                furniture.add_telegraph_pole(model, street.frame(t, s, y=KERB), rng)


def _signs(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    """Signs and lights where drivers look for them, some of them near."""
    if (street.crossing and rng.random() < 0.6) or rng.random() < 0.2:
        line = street.crossing[0] - 1.0 if street.crossing else distance(rng, 10, 40)
        for side, s in ((-1, line), (1, line), (street.keep, line + 10)):
            t = _kerbside(street, side, rng.uniform(0.35, 0.7))
            if s > 6 and street.free(s, 0.3) and rng.random() < 0.85 and places.take(t, s, 0.4, 0.6):
                furniture.add_traffic_light(model, street.frame(t, s, y=KERB), -side, rng)
    for _ in range(3 + rng.poisson(3.5)):
        side = street.keep if rng.random() < 0.65 else -street.keep
        s = distance(rng, 6.5, 60)
        t = _kerbside(
            street, side, rng.uniform(0.35, 0.9) if rng.random() < 0.8 else street.sides[side].pavement - street.sides[side].road - 0.3
        )
        if street.free(s, 0.5) and places.take(t, s, 0.7, 0.7):
            turned = side != street.keep and rng.random() < 0.6
            signs.add_sign(model, street.frame(t, s, rng.normal(0, 0.12), y=KERB), rng, turned=turned)
    if rng.random() < 0.4:
        side, s = int(rng.choice((-1, 1))), distance(rng, 12, 50)
        t = side * (street.sides[side].pavement - 0.6)
        if street.free(s, 1) and places.take(t, s, 2.0, 0.5):
            signs.add_board(model, street.frame(t, s, y=KERB), rng)
    if rng.random() < 0.18:
        s, t = distance(rng, 11, 45), -street.keep * LANE / 2
        if street.free(s, 2) and places.take(t, s, 0.9, 3):
            signs.add_keep_side(model, street.frame(t, s), rng)
    if rng.random() < 0.3:
        side, s = street.keep, distance(rng, 9, 40)
        t = _kerbside(street, side, 0.6)
        if street.free(s, 6) and places.take(t, s, 1.0, 1.0):
            furniture.add_bus_stop(model, street.frame(t, s, y=KERB), -side, rng)


def _zebra(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    """Globes beside a zebra crossing, and people on it."""
    if street.zebra is None:
        return
    for side in (-1, 1):
        t = _kerbside(street, side, 0.4)
        if rng.random() < 0.6 and places.take(t, street.zebra, 0.3, 0.3):
            furniture.add_belisha(model, street.frame(t, street.zebra - 1.8, y=KERB), rng)
    for _ in range(rng.poisson(1.5)):
        t, s = rng.uniform(-street.sides[-1].road, street.sides[1].road), street.zebra + rng.uniform(-1.2, 1.2)
        if s > 6 and places.take(t, s, 0.8, 0.6):
            people.add_person(model, street.frame(t, s, rng.choice((-1, 1)) * math.pi / 2 + rng.normal(0, 0.2)), rng, walking=True)


def _traffic(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    for _ in range(2 + rng.poisson(3.0)):
        t = float(rng.choice(street.lanes))
        kind = str(rng.choice(("car", "bus", "lorry"), p=(0.88, 0.06, 0.06)))
        long = {"car": 5.0, "bus": 12.5, "lorry": 9.5}[kind]
        s = distance(rng, 8.5 if t == 0 else 5.5) + long / 2
        if not places.take(t, s, 2.4, long + 1.5):
            continue
        turn = (math.pi if street.is_oncoming(t) else 0.0) + rng.normal(0, 0.03)
        _vehicle(model, street.frame(t + rng.normal(0, 0.15), s, turn), kind, rng)
    if street.crossing and rng.random() < 0.5:
        s, side = sum(street.crossing) / 2, int(rng.choice((-1, 1)))
        t = side * rng.uniform(street.sides[side].road + 3.5, street.sides[side].road + 12)
        if places.take(t, s, 6, 3):
            _vehicle(model, street.frame(t, s + rng.uniform(-1, 1), side * math.pi / 2 * rng.choice((-1, 1))), "car", rng)


def _vehicle(model: Model, frame: Frame, kind: str, rng: np.random.Generator) -> None:
    {"car": cars.add_car, "bus": large_vehicles.add_bus, "lorry": large_vehicles.add_lorry}[kind](model, frame, rng)


def _riders(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    """Bicyclists near the kerb, between the cars, and across the road."""
    for _ in range(3 + rng.poisson(2.0)):
        side = street.keep if rng.random() < 0.6 else -street.keep
        room = street.sides[side].road - PARKING * street.sides[side].parking
        t, s = side * (room - rng.uniform(0.45, 1.1)), distance(rng, 5.0, 50)
        turn = (0.0 if side == street.keep else math.pi) + rng.normal(0, 0.08)
        if rng.random() < 0.2:
            t, turn = rng.uniform(-street.sides[-1].road, street.sides[1].road), rng.choice((-1, 1)) * math.pi / 2 + rng.normal(0, 0.35)
            s = max(s, 8.0)
        if (abs(t) < 0.8 and s < 8) or not places.take(t, s, 0.9, 2.0):
            continue
        frame = street.frame(t, s, turn)
        cycles.add_bicycle(model, frame, rng)
        people.add_rider(model, frame, rng)


def _parked(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    for side in (-1, 1):
        if not street.sides[side].parking:
            continue
        taken, s = rng.uniform(0.3, 0.95), rng.uniform(3.0, 8.0)
        while s < FARTHEST:
            t = side * (street.sides[side].road - PARKING / 2 + 0.1)
            away = street.zebra is None or abs(s - street.zebra) > 6
            if rng.random() < taken and street.free(s, 6) and away and places.take(t, s, 2.2, 5.0):
                turn = (0.0 if side == street.keep else math.pi) + (math.pi if rng.random() < 0.2 else 0.0)
                _vehicle(model, street.frame(t, s, turn + rng.normal(0, 0.02)), "car" if rng.random() < 0.97 else "lorry", rng)
            s += rng.uniform(5.4, 6.4)


def _people(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    """Alone, in pairs and in groups on the pavements; a few cross the road."""
    for _ in range(6 + rng.poisson(rng.choice((2.0, 4.0, 8.0)))):
        side = int(rng.choice((-1, 1)))
        low, high = street.sides[side].verge + 0.45, street.sides[side].pavement - 0.35
        t, s = side * rng.uniform(low, max(high, low + 0.2)), distance(rng, 4.5, 55)
        turn = rng.choice((0.0, math.pi)) + rng.normal(0, 0.15)
        if rng.random() < 0.12:
            t, s = rng.uniform(-street.sides[-1].road, street.sides[1].road), distance(rng, 9, 50)
            turn = rng.choice((-1, 1)) * math.pi / 2 + rng.normal(0, 0.2)
        elif rng.random() < 0.25:
            turn = rng.uniform(0, 2 * math.pi)
        size = int(rng.choice((1, 2, 3, 5), p=(0.62, 0.24, 0.09, 0.05)))
        for number in range(size):
            at_t, at_s = t + 0.6 * (number % 2) * -side, s + 0.7 * (number // 2) + rng.normal(0, 0.1)
            on_road = abs(at_t) < street.sides[1 if at_t > 0 else -1].road or not street.free(at_s)
            if places.take(at_t, at_s, 0.5, 0.5):
                people.add_person(model, street.frame(at_t, at_s, turn + rng.normal(0, 0.1), y=0.0 if on_road else KERB), rng)


def _cycles(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    """Parked bicycles, in rows at times, and motorcycles."""
    for _ in range(rng.poisson(1.6)):
        side, s = int(rng.choice((-1, 1))), distance(rng, 5, 40)
        t = side * (street.sides[side].pavement - 0.55)
        turn = rng.normal(0, 0.15) + rng.choice((0.0, math.pi))
        count = int(rng.integers(3, 8)) if rng.random() < 0.25 else 1
        if count > 1:
            turn = math.pi / 2 + rng.normal(0, 0.1)
        for number in range(count):
            at = s + 0.55 * number
            if street.free(at, 1) and places.take(t, at, 1.0 if count > 1 else 0.6, 0.5 if count > 1 else 1.9):
                cycles.add_bicycle(model, street.frame(t, at, turn + rng.normal(0, 0.08), y=KERB), rng)
    if rng.random() < 0.3:
        side, s = int(rng.choice((-1, 1))), distance(rng, 6, 35)
        t = side * (street.sides[side].road - 0.9)
        if places.take(t, s, 1.0, 2.4):
            cycles.add_motorcycle(model, street.frame(t, s, rng.normal(0, 0.5)), rng)


def _odds(model: Model, street: Street, places: Places, rng: np.random.Generator) -> None:
    """Bins and letter boxes."""
    for _ in range(rng.poisson(1.2)):
        side, s = int(rng.choice((-1, 1))), distance(rng, 6, 50)
        t = side * (street.sides[side].pavement - 0.45 if rng.random() < 0.5 else street.sides[side].road + 0.6)
        if street.free(s, 0.5) and places.take(t, s, 0.8, 0.8):
            add = furniture.add_pillar_box if rng.random() < 0.2 else furniture.add_bin
            add(model, street.frame(t, s, y=KERB), rng)
