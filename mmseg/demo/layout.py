"""What stands where: a street as pure data.

Axes as in :mod:`mmseg.demo.painting.camera`. A side of the street is -1 (left) or +1 (right); "lateral" is X, in metres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mmseg.demo.painting.camera import Camera

LANE = 3.3
PARKING = 2.2


@dataclass(frozen=True)
class Side:
    """The ground of one side, from the road outwards, as absolute lateral distances from the camera's axis.

    Attributes:
        road: edge of the road.
        verge: end of the grass strip; equal to ``road`` without one.
        sidewalk: end of the sidewalk, where the frontages stand.
        tram: lateral centre of a tram line on the verge; None without one.
    """

    road: float
    verge: float
    sidewalk: float
    parking: bool
    tram: float | None = None


@dataclass(frozen=True)
class Frontage:
    """One upright stretch along the street: 'building', 'wall', 'fence', 'hedge' or 'trees'."""

    kind: str
    side: int
    lateral: float
    near: float
    far: float
    height: float
    seed: int

    @property
    def x(self) -> float:
        return self.side * self.lateral


@dataclass(frozen=True)
class Thing:
    """Something that stands on the ground at (x, z); heading 0 drives away from the camera, radians clockwise."""

    kind: str
    x: float
    z: float
    seed: int
    heading: float = 0.0
    length: float = 0.0
    width: float = 0.0
    height: float = 0.0

    @property
    def reach(self) -> float:
        """Half of what the thing extends along the street, in metres."""
        return abs(math.cos(self.heading)) * self.length / 2 + abs(math.sin(self.heading)) * self.width / 2

    def hides(self, other: Thing) -> bool:
        """Whether this thing can stand in front of the other one, as seen from the camera at x = z = 0."""
        if abs(other.z - self.z) > self.reach:
            return other.z > self.z
        return abs(other.x) > abs(self.x) and other.x * self.x > 0


@dataclass(frozen=True)
class Layout:
    """A whole scene; ``backdrop`` stands behind the frontages, all lists are ordered far to near."""

    camera: Camera
    left: Side
    right: Side
    lanes: tuple[float, ...]
    crossing: tuple[float, float] | None
    sun_side: int
    backdrop: tuple[Frontage, ...]
    frontages: tuple[Frontage, ...]
    things: tuple[Thing, ...]

    def side(self, which: int) -> Side:
        return self.right if which > 0 else self.left


def far_to_near(things: list[Thing]) -> list[Thing]:
    """Painting order. Long things split the rest into what they hide and what stands before them."""
    if len(things) < 2:
        return things
    longest = max(things, key=lambda thing: (thing.reach, thing.z))
    others = [thing for thing in things if thing is not longest]
    hidden = [thing for thing in others if longest.hides(thing)]
    before = [thing for thing in others if not longest.hides(thing)]
    return [*far_to_near(hidden), longest, *far_to_near(before)]
