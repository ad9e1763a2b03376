"""Convex solids with a heading: profiles drawn from the side, extruded across the width.

Local axes in metres: u to the right, v up, w ahead (the direction of the heading). Letters: N points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmseg.demo.layout import Thing
from mmseg.demo.painting.camera import Camera
from mmseg.demo.painting.canvas import Canvas, shade

Profile = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Pose:
    """Places local points of one thing in the world and draws them.

    Attributes:
        sun: light on upright faces towards +X; -1..1 scales how much lighter one side is than the other.
    """

    canvas: Canvas
    camera: Camera
    thing: Thing
    label: int
    sun: float = 0.0

    def world(self, points: np.ndarray) -> np.ndarray:
        """Local (u, v, w) [N, 3] -> world (X, Y, Z) [N, 3]."""
        u, v, w = points[:, 0], points[:, 1], points[:, 2]
        cos, sin = np.cos(self.thing.heading), np.sin(self.thing.heading)
        return np.stack([self.thing.x + u * cos + w * sin, v, self.thing.z - u * sin + w * cos], 1)

    @property
    def scale(self) -> float:
        """Pixels per metre."""
        return self.camera.scale(self.thing.z)

    @property
    def inverse_depth(self) -> float:
        return 1 / self.thing.z

    def pixels(self, points: Sequence[Sequence[float]]) -> np.ndarray:
        """Local points [N, 3] -> pixels [N, 2]."""
        return self.camera.project(self.world(np.asarray(points, float)))

    def faces_camera(self, points: Sequence[Sequence[float]], outward: Sequence[float]) -> bool:
        """Whether a face with the local normal ``outward`` is seen from its front."""
        tip = np.asarray(points[:1], float)
        start, end = self.world(np.concatenate([tip, tip + np.asarray(outward, float)]))
        return float((end - start) @ (start - (0.0, self.camera.eye, 0.0))) < 0

    def light(self, outward: Sequence[float]) -> float:
        """Brightness of a face: tops are lighter, the side away from the sun darker."""
        cos, sin = np.cos(self.thing.heading), np.sin(self.thing.heading)
        across = outward[0] * cos + outward[2] * sin
        return 0.92 + 0.2 * max(outward[1], 0.0) + 0.16 * self.sun * across

    def face(self, points, outward, colour, labelled: bool = True) -> None:
        """Paints a flat face if it is seen from its front."""
        if self.faces_camera(points, outward):
            world = self.world(np.asarray(points, float))
            label = self.label if labelled else None
            inverse = 1 / max(float(world[:, 2].mean()), 1.0)
            self.canvas.polygon(self.camera.project(world), shade(colour, self.light(outward)), label, inverse)

    def side(self, outline: Profile, half_width: float, colour, labelled: bool = False) -> None:
        """A detail (w, v) on both long sides."""
        for sign in (-1, 1):
            self.face([(sign * half_width, v, w) for w, v in outline], (sign, 0, 0), colour, labelled)

    def end(self, outline: Profile, at: float, colour, labelled: bool = False) -> None:
        """A detail (u, v) on the front (``at`` > 0) or the rear (``at`` < 0)."""
        self.face([(u, v, at) for u, v in outline], (0, 0, 1 if at > 0 else -1), colour, labelled)

    def line(self, points, width: float, colour, label: int | None = None) -> None:
        """A polyline, ``width`` metres thick."""
        self.canvas.stroke(self.pixels(points), width * self.scale, colour, self.label if label is None else label, self.inverse_depth)

    def ball(self, point, radius: float, colour, label: int | None = None) -> None:
        """A sphere of ``radius`` metres."""
        centre = self.pixels([point])[0]
        self.canvas.disc(centre, radius * self.scale, colour, self.label if label is None else label, self.inverse_depth)

    def wheel(self, u: float, w: float, radius: float, colour, filled: bool, width: float = 0.05) -> None:
        """A wheel in the plane of the heading, standing on the ground."""
        angles = np.linspace(0, 2 * np.pi, 13)
        rim = self.pixels([(u, radius + radius * np.sin(a), w + radius * np.cos(a)) for a in angles])
        if filled:
            self.canvas.polygon(rim, colour, self.label, self.inverse_depth)
        else:
            self.canvas.stroke(rim, width * self.scale, colour, self.label, self.inverse_depth)

    def prism(self, profile: Profile, half_width: float, colour, ends=None, taper: float = 0.0) -> None:
        """A convex side profile (w, v), counter-clockwise as seen with w to the right, extruded over the width.

        Args:
            ends: another colour for the slanted strips between the lowest and the highest edge, such as windscreens.
            taper: how much narrower the top of the profile is than its bottom, per side.
        """
        heights = [v for _, v in profile]
        low, high = min(heights), max(heights)

        def half(v: float) -> float:
            return half_width - taper * (v - low) / max(high - low, 1e-6)

        following = [*profile[1:], profile[0]]
        for (w1, v1), (w2, v2) in zip(profile, following, strict=True):
            quad = [(-half(v1), v1, w1), (half(v1), v1, w1), (half(v2), v2, w2), (-half(v2), v2, w2)]
            normal = np.array([0.0, -(w2 - w1), v2 - v1])
            normal /= max(float(np.linalg.norm(normal)), 1e-6)
            upright = abs(v2 - v1) > 0.4 * abs(w2 - w1)
            self.face(quad, tuple(normal), ends if ends is not None and upright else colour)
        for sign in (-1, 1):
            self.face([(sign * half(v), v, w) for w, v in profile], (sign, 0, 0), colour)


def box(length: float, bottom: float, top: float, centre: float = 0.0) -> Profile:
    """The side profile of a block."""
    rear, front = centre - length / 2, centre + length / 2
    return [(rear, bottom), (front, bottom), (front, top), (rear, top)]


def rectangle(left: float, right: float, bottom: float, top: float) -> Profile:
    """An axis-parallel outline for details."""
    return [(left, bottom), (right, bottom), (right, top), (left, top)]
