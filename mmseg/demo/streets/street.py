"""The cross-section and the course of a street: pure geometry.

A place is (t, s) in metres: t to the right of the middle of the own lane, s along the street. A side is -1 (left) or +1 (right).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mmseg.demo.streets.things.parts import Frame

LANE = 2.9
PARKING = 2.1
KERB = 0.12  # metres that the pavement is above the road
START, END = -4.0, 150.0  # metres along the street that are built


@dataclass(frozen=True)
class Side:
    """One side, from the road outwards, as distances |t|.

    Attributes:
        road: the kerb.
        verge: end of the grass beside the kerb; equal to ``road`` without.
        pavement: end of the pavement.
        front: where houses stand; between is a garden.
        parking: whether cars park along the kerb.
        yellow: double yellow lines along the kerb.
    """

    road: float
    verge: float
    pavement: float
    front: float
    parking: bool
    yellow: bool


@dataclass(frozen=True)
class Street:
    """A street.

    Attributes:
        keep: the side on which one drives, -1 left or +1 right.
        bend: half its curvature in 1/m.
        lanes: t of the middles of the oncoming lanes and of further own ones, the own lane at 0 included.
        sides: by side.
        crossing: from where to where a side street crosses; None without.
        zebra: where pedestrians cross; None without.
    """

    keep: int
    bend: float
    lanes: tuple[float, ...]
    sides: dict[int, Side]
    crossing: tuple[float, float] | None
    zebra: float | None

    def frame(self, t: float, s: float, turn: float = 0.0, y: float = 0.0) -> Frame:
        """A place of the street in the world, its heading that of the street there plus ``turn``."""
        heading = math.atan(2 * self.bend * s)
        return Frame(t * math.cos(heading) + self.bend * s * s, y, s - t * math.sin(heading), heading + turn)

    def locate(self, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(t, s) of points of the ground, nearly: the bend is slight."""
        t = x - self.bend * z * z
        return t, z + 2 * self.bend * z * t

    def free(self, s: float, margin: float = 0.0) -> bool:
        """Whether no side street is there."""
        return self.crossing is None or not self.crossing[0] - margin < s < self.crossing[1] + margin

    def is_oncoming(self, t: float) -> bool:
        """Whether a lane is driven towards the camera."""
        return t * self.keep < -LANE / 2


def draw_street(rng: np.random.Generator) -> Street:
    """A new street."""
    keep = -1 if rng.random() < 0.65 else 1
    oncoming, own = 1 + int(rng.random() < 0.15), int(rng.random() < 0.12)
    lanes = tuple(-keep * LANE * i for i in range(-own, oncoming + 1))
    sides = {}
    for side in (-1, 1):
        edge = max(lane * side for lane in lanes) + LANE / 2 + rng.uniform(0.1, 0.7)
        parking = bool(rng.random() < 0.33)
        road = edge + PARKING * parking
        verge = road + (rng.uniform(0.8, 2.5) if rng.random() < 0.25 else 0.0)
        pavement = verge + rng.uniform(1.6, 4.5)
        garden = rng.uniform(1.5, 6.0) if rng.random() < 0.5 else 0.15
        sides[side] = Side(road, verge, pavement, pavement + garden, parking, bool(rng.random() < 0.35) and not parking)
    crossing = None
    if rng.random() < 0.5:
        start = rng.uniform(14, 55)
        crossing = (start, start + rng.uniform(6, 11))
    zebra = None
    if rng.random() < 0.35:
        zebra = rng.uniform(8, 30)
        if crossing and zebra > crossing[0] - 4:
            zebra = crossing[0] - 4.5
    return Street(keep, float(np.clip(rng.normal(0, 0.0008), -0.002, 0.002)), lanes, sides, crossing, zebra)
