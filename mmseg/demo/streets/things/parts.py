"""Where a thing stands, and the simple solids that things consist of.

Local axes in metres: u to the right, v up, w ahead. Letters: N points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mmseg.demo.streets.space.model import Model, Surface


@dataclass(frozen=True)
class Frame:
    """A place on the ground with a heading in radians, clockwise from the direction of the street at the camera."""

    x: float
    y: float
    z: float
    heading: float = 0.0

    def at(self, points: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
        """Local points [N, 3] -> world [N, 3]."""
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        turn = np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
        return np.asarray(points, float) @ turn + (self.x, self.y, self.z)

    def direction(self, u: float, v: float, w: float) -> np.ndarray:
        """A local direction in the world: [3]."""
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        return np.array([u * cos + w * sin, v, -u * sin + w * cos])

    def moved(self, u: float, w: float, turn: float = 0.0, v: float = 0.0) -> Frame:
        """A frame beside this one."""
        (x, y, z) = self.at([(u, v, w)])[0]
        return Frame(float(x), float(y), float(z), self.heading + turn)


def face(model: Model, frame: Frame, points, surface: Surface, outward=None, **more) -> None:
    """A flat face given in local points, seen from both sides unless ``outward`` is a local direction."""
    out = None if outward is None else frame.direction(*outward)
    model.polygon(frame.at(points), surface, outward=out, **more)


def box(model: Model, frame: Frame, u: tuple[float, float], v: tuple[float, float], w: tuple[float, float], surface, top=None) -> None:
    """An upright block; the top may be of another surface."""
    (u0, u1), (v0, v1), (w0, w1) = u, v, w
    face(model, frame, [(u0, v0, w0), (u1, v0, w0), (u1, v1, w0), (u0, v1, w0)], surface, (0, 0, -1))
    face(model, frame, [(u0, v0, w1), (u1, v0, w1), (u1, v1, w1), (u0, v1, w1)], surface, (0, 0, 1))
    face(model, frame, [(u0, v0, w0), (u0, v0, w1), (u0, v1, w1), (u0, v1, w0)], surface, (-1, 0, 0))
    face(model, frame, [(u1, v0, w0), (u1, v0, w1), (u1, v1, w1), (u1, v1, w0)], surface, (1, 0, 0))
    face(model, frame, [(u0, v1, w0), (u1, v1, w0), (u1, v1, w1), (u0, v1, w1)], top or surface, (0, 1, 0))


def bars(model: Model, frame: Frame, points, radius: float, surface: Surface) -> None:
    """A chain of round sticks through local points."""
    world = frame.at(points)
    for start, end in pairwise(world):
        model.limb(start, end, radius, surface)


def disc(
    centre: Sequence[float], radius: float, *, corners: int = 16, turn: float = 0.0, plane: str = "uv"
) -> list[tuple[float, float, float]]:
    """A regular polygon around a local point, across the heading ('uv') or along it ('wv')."""
    u, v, w = centre
    angles = turn + np.arange(corners) * 2 * np.pi / corners
    if plane == "uv":
        return [(u + radius * np.sin(a), v + radius * np.cos(a), w) for a in angles]
    return [(u, v + radius * np.cos(a), w + radius * np.sin(a)) for a in angles]
