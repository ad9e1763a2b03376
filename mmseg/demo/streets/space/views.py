"""What a scene is seen from: the camera of the car, and the sun or the zenith, which cast shadows.

World axes in metres: X to the right, Y up, Z along the street. Pixels are (x, y); a nearness is affine over a plane on the screen and
larger for what hides. Letters: N points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

NEAREST = 0.35  # metres; what is nearer to the camera is cut off
ASIDE = 12.0  # tangent of the angle from the optical axis beyond which things are cut off: far outside of any image


@dataclass(frozen=True)
class Camera:
    """A pinhole behind a windscreen.

    Attributes:
        width, height: size of the image in pixels.
        focal: focal length in pixels.
        eye: height above the road in metres.
        offset: metres to the right of the middle of the lane.
        yaw, pitch, roll: radians to the right, downwards and clockwise.
    """

    width: int
    height: int
    focal: float
    eye: float
    offset: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def position(self) -> np.ndarray:
        return np.array([self.offset, self.eye, 0.0])

    @cached_property
    def axes(self) -> np.ndarray:
        """Right, down and ahead as rows: [3, 3]."""
        sin, cos = np.sin, np.cos
        ahead = np.array([sin(self.yaw) * cos(self.pitch), -sin(self.pitch), cos(self.yaw) * cos(self.pitch)])
        right = np.array([cos(self.yaw), 0.0, -sin(self.yaw)])
        down = np.cross(ahead, right)
        down = down if down[1] < 0 else -down
        rolled = cos(self.roll) * right + sin(self.roll) * down
        return np.stack([rolled, cos(self.roll) * down - sin(self.roll) * right, ahead])

    @property
    def horizon(self) -> float:
        """Row of the horizon in the middle of the image."""
        return self.height / 2 - self.focal * np.tan(self.pitch)

    def local(self, points: np.ndarray) -> np.ndarray:
        """World points [N, 3] -> right, down, ahead [N, 3]."""
        return (points - self.position) @ self.axes.T

    def screen(self, local: np.ndarray) -> np.ndarray:
        """Points ahead of the camera [N, 3] -> (x, y, nearness 1/m) [N, 3]."""
        near = 1 / np.maximum(local[:, 2], NEAREST / 2)
        return np.stack([self.width / 2 + self.focal * local[:, 0] * near, self.height / 2 + self.focal * local[:, 1] * near, near], 1)

    def margins(self, local: np.ndarray) -> np.ndarray:
        """Distances [N, 5] from the planes beyond which nothing is drawn, negative there: behind the camera, and far aside."""
        x, y, z = local.T
        return np.stack([z - NEAREST, ASIDE * z - x, ASIDE * z + x, ASIDE * z - y, ASIDE * z + y], 1)

    def is_cut(self, local: np.ndarray) -> np.ndarray:
        """Which points lie beyond what is drawn: bool [N]."""
        return (self.margins(local) < 0).any(1)

    def scale(self, nearness: np.ndarray) -> np.ndarray:
        """Pixels per metre."""
        return self.focal * nearness

    def faces(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Which faces with a point [N, 3] and an outward normal [N, 3] are seen from outside: bool [N]."""
        return ((self.position - points) * normals).sum(1) > 0

    def rays(self) -> np.ndarray:
        """Directions of all pixels, of length 1 along the optical axis: float32 [H, W, 3]."""
        x = (np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2) / self.focal
        y = (np.arange(self.height, dtype=np.float32) + 0.5 - self.height / 2) / self.focal
        axes = self.axes.astype(np.float32)
        return x[None, :, None] * axes[0] + y[:, None, None] * axes[1] + axes[2]


@dataclass(frozen=True)
class Parallel:
    """Parallel light from ``direction`` (a unit vector towards its source) on a square around ``centre``.

    Attributes:
        size: pixels of the square along each side.
        reach: metres of it along each side.
    """

    direction: tuple[float, float, float]
    centre: tuple[float, float, float]
    reach: float
    size: int

    @property
    def width(self) -> int:
        return self.size

    @property
    def height(self) -> int:
        return self.size

    @cached_property
    def axes(self) -> np.ndarray:
        """Right, down, towards the light as rows: [3, 3]."""
        toward = np.array(self.direction)
        other = np.array([0.0, 0.0, 1.0]) if abs(toward[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
        right = np.cross(other, toward)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(toward, right), toward])

    def local(self, points: np.ndarray) -> np.ndarray:
        """World points [N, 3] -> the same of :meth:`screen`."""
        return (points - np.array(self.centre)) @ self.axes.T

    def screen(self, local: np.ndarray) -> np.ndarray:
        """Local points [N, 3] -> (x, y, metres towards the light) [N, 3]."""
        k = self.size / self.reach
        return np.stack([local[:, 0] * k + self.size / 2, local[:, 1] * k + self.size / 2, local[:, 2]], 1)

    def margins(self, local: np.ndarray) -> np.ndarray:
        """Nothing is cut: [N, 0]."""
        return np.zeros((len(local), 0))

    def is_cut(self, local: np.ndarray) -> np.ndarray:
        return np.zeros(len(local), bool)

    def scale(self, nearness: np.ndarray) -> np.ndarray:
        """Pixels per metre."""
        return np.full_like(nearness, self.size / self.reach)

    def faces(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """All faces cast shadows."""
        return np.ones(len(points), bool)
