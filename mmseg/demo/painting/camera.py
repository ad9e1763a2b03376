"""A pinhole camera over a ground plane, and what it does to points of the street.

World axes in metres: X to the right, Y up from the ground, Z ahead of the camera. Letters: (H, W) image, N points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAR = 1.3  # metres; nothing is drawn closer, because the far end of a dash would fold over behind the camera
FAR = 160.0


@dataclass(frozen=True)
class Camera:
    """Where the camera stands and how the street bends away from it.

    Attributes:
        width, height: image size in pixels.
        focal: focal length in pixels.
        horizon: row of the horizon.
        eye: height above the ground in metres.
        yaw: tangent of the angle between camera and street.
        bend: half the curvature of the street in 1/m; the ground at distance Z is shifted by ``bend * Z**2``.
    """

    width: int
    height: int
    focal: float
    horizon: float
    eye: float
    yaw: float = 0.0
    bend: float = 0.0

    def scale(self, z: float) -> float:
        """Pixels per metre at distance ``z``."""
        return self.focal / max(z, NEAR)

    def project(self, points: np.ndarray) -> np.ndarray:
        """World points [N, 3] -> pixels [N, 2] (x, y); points in front of the near plane are moved onto it."""
        x, y, z = points[:, 0], points[:, 1], np.maximum(points[:, 2], NEAR)
        column = self.width / 2 + self.focal * (x / z + self.bend * z + self.yaw)
        row = self.horizon + self.focal * (self.eye - y) / z
        return np.stack([column, row], 1)

    def ground(self) -> tuple[int, np.ndarray, np.ndarray]:
        """The ground under every pixel below the horizon.

        Returns:
            First row R, and (X, Z) of the rows R..H-1: float32 [H-R, W] and [H-R, 1], metres.
        """
        first = min(max(int(np.ceil(self.horizon + 0.5)), 0), self.height - 1)
        rows = np.arange(first, self.height, dtype=np.float32)[:, None]
        z = self.focal * self.eye / np.maximum(rows - self.horizon, 1e-3)
        columns = np.arange(self.width, dtype=np.float32)[None]
        x = z * ((columns - self.width / 2) / self.focal - self.yaw - self.bend * z)
        return first, x.astype(np.float32), z.astype(np.float32)
