"""Where the sun reaches, and how much of the sky is seen: the same model looked at from the sun and from the zenith.

Letters: N points, (H, W) image.
"""

from __future__ import annotations

import numpy as np

from mmseg.demo.streets.space.model import Model
from mmseg.demo.streets.space.views import Parallel
from mmseg.demo.streets.space.visibility import look

SIZE, REACH = 1400, 100.0  # pixels and metres of the view from the sun
CELL, AHEAD = 0.1, 34.0  # metres of a cell of the heights from above; their centre lies ahead
TAPS = ((0.6, 0.2), (-0.2, 0.6), (-0.6, -0.2), (0.2, -0.6))
STEPS = (0.14, 0.45, 1.4, 4.0, 11.0)  # metres
SECTORS = 8


def sunlit(model: Model, sun: tuple[float, float, float], points: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Share of the sun that reaches points [N, 3], with soft edges: float32 [N].

    Args:
        offset: metres towards the sun [N] within which nothing casts a shadow on a point: what it belongs to itself.
    """
    view = Parallel(sun, (0.0, 0.0, AHEAD), REACH, SIZE)
    depth = look(model, view, shadows=True).nearness
    place = view.screen(view.local(points))
    inside = (place[:, :2] > 2).all(1) & (place[:, :2] < SIZE - 3).all(1)
    level = place[:, 2] + offset
    lit = np.zeros(len(points), np.float32)
    for x, y in TAPS:
        column = np.clip(place[:, 0] + x, 0, SIZE - 1).astype(np.int32)
        row = np.clip(place[:, 1] + y, 0, SIZE - 1).astype(np.int32)
        lit += depth[row, column] <= level
    return np.where(inside, lit / len(TAPS), np.float32(1))


def skylight(model: Model, points: np.ndarray) -> np.ndarray:
    """Share of the light of the sky that reaches points [N, 3], from the heights of all around them: float32 [N] in (0, 1].

    What has something above it (crowns, awnings) counts as a column down to the ground, but for leaves, which do not count.
    """
    reach = 700 * CELL
    view = Parallel((0.0, 1.0, 0.0), (0.0, 0.0, AHEAD), reach, round(reach / CELL))
    heights = look(model, view, shadows=True, coarse=True).nearness
    place = view.screen(view.local(points)).astype(np.float32)
    x, y, level = place[:, 0], place[:, 1], place[:, 2]
    seen = np.zeros(len(points), np.float32)
    for angle in np.arange(SECTORS) * (2 * np.pi / SECTORS) + 0.2:
        slope = np.zeros(len(points), np.float32)
        for step in STEPS:
            column = np.clip(x + np.float32(np.cos(angle) * step / CELL), 0, view.size - 1).astype(np.int32)
            row = np.clip(y + np.float32(np.sin(angle) * step / CELL), 0, view.size - 1).astype(np.int32)
            slope = np.maximum(slope, (heights[row, column] - level) * np.float32(1 / step))
        seen += 1 / (1 + slope * slope)
    return seen / SECTORS
