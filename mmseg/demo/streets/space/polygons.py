"""Flat polygons with holes on the screen of a view: cut where they leave it, and filled with their nearness.

Letters: (H, W) pixels of a view, N points of all polygons, K points of one, P polygons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmseg.demo.streets.space.views import Camera, Parallel

BITS = 4  # binary places of a pixel in OpenCV's fixed-point coordinates
LIMIT = 20_000.0  # pixels; farther outside they would overflow
Area = tuple[slice, slice]


@dataclass(frozen=True)
class Outlines:
    """Polygons on a screen.

    Attributes:
        points: (x, y, nearness) [N, 3], polygon after polygon.
        starts, counts: first point and number of points of each: [P].
        holes: of each, (x, y, nearness) [K, 3] each.
        numbers: which of those that were given each one is: [P].
    """

    points: np.ndarray
    starts: np.ndarray
    counts: np.ndarray
    holes: Sequence[Sequence[np.ndarray]]
    numbers: np.ndarray

    @classmethod
    def of(cls, polygons: Sequence[np.ndarray], holes: Sequence[Sequence[np.ndarray]], view: Camera | Parallel) -> Outlines:
        """Projects polygons [K, 3] of the world, without what cannot be drawn. One with holes is drawn whole or not at all."""
        if not polygons:
            return cls(np.zeros((0, 3)), np.zeros(0, int), np.zeros(0, int), (), np.zeros(0, int))
        counts = np.array([len(points) for points in polygons])
        starts = np.cumsum(counts) - counts
        local = view.local(np.concatenate(polygons))
        is_cut = np.logical_or.reduceat(view.is_cut(local), starts)
        whole = np.flatnonzero(~is_cut)
        parts = {int(i): cut(local[starts[i] : starts[i] + counts[i]], view) for i in np.flatnonzero(is_cut) if not holes[i]}
        parts = {i: part for i, part in parts.items() if len(part) > 2}
        points = view.screen(np.concatenate([local[np.repeat(~is_cut, counts)], *parts.values()]))
        numbers = np.array([*whole, *parts], int)
        counts = np.array([*counts[whole], *(len(part) for part in parts.values())], int)
        seen_through = [[view.screen(view.local(hole)) for hole in holes[i]] for i in numbers]
        return cls(points, np.cumsum(counts) - counts, counts, seen_through, numbers)

    def filled(self, shape: tuple[int, int]) -> Iterator[tuple[int, Area, np.ndarray, np.ndarray]]:
        """Number, area, mask and nearness of each polygon that is on a screen (H, W) and not seen from its edge."""
        if not len(self.counts):
            return
        low, high = np.minimum.reduceat(self.points, self.starts), np.maximum.reduceat(self.points, self.starts)
        a, b, c = self._planes()
        left, top = np.maximum(low[:, :2], 0).astype(int).T
        right, bottom = np.minimum(np.minimum(high[:, :2], 1e6).astype(int) + 2, shape[::-1]).T
        shown = (left < right) & (top < bottom) & (high[:, :2] >= 0).all(1) & (np.abs(c) >= 1e-3)
        fixed = _fixed(self.points)
        columns, rows = (np.arange(n, dtype=np.float32) + np.float32(0.5) for n in shape[::-1])
        for i in np.flatnonzero(shown).tolist():
            start, x1, y1, x2, y2 = self.starts[i], left[i], top[i], right[i], bottom[i]
            mask = np.zeros((y2 - y1, x2 - x1), np.uint8)
            contours = [fixed[start : start + self.counts[i]], *(_fixed(hole) for hole in self.holes[i])]
            cv2.fillPoly(mask, contours, 1, cv2.LINE_8, BITS, (-int(x1) << BITS, -int(y1) << BITS))
            x0, y0, n0 = self.points[start]
            along = (columns[x1:x2] - np.float32(x0)) * np.float32(-a[i] / c[i]) + np.float32(n0)
            down = (rows[y1:y2] - np.float32(y0)) * np.float32(-b[i] / c[i])
            near = along[None] + down[:, None]
            np.maximum(near, np.float32(low[i, 2]), out=near)  # pixels on the edge must not stick out
            np.minimum(near, np.float32(high[i, 2]), out=near)
            yield int(self.numbers[i]), np.s_[y1:y2, x1:x2], mask.view(bool), near

    def _planes(self) -> np.ndarray:
        """Normals (a, b, c) of the polygons in (x, y, nearness) by Newell's method: [3, P]."""
        x, y, n = (self.points - np.repeat(self.points[self.starts], self.counts, 0)).T
        following = np.arange(1, len(self.points) + 1)
        following[self.starts + self.counts - 1] = self.starts
        x2, y2, n2 = x[following], y[following], n[following]
        return np.add.reduceat(np.stack([y * n2 - n * y2, n * x2 - x * n2, x * y2 - y * x2]), self.starts, axis=1)


def cut(local: np.ndarray, view: Camera | Parallel) -> np.ndarray:
    """The part of a polygon [K, 3] that can be drawn: it is cut at one plane after the other."""
    for plane in range(view.margins(local).shape[1]):
        margin = view.margins(local)[:, plane]
        if (margin >= 0).all():
            continue
        kept = []
        for i, (start, end) in enumerate(zip(local, np.roll(local, -1, 0), strict=True)):
            here, there = margin[i], margin[(i + 1) % len(local)]
            if here >= 0:
                kept.append(start)
            if (here >= 0) != (there >= 0):
                kept.append(start + (end - start) * (here / (here - there)))
        local = np.array(kept).reshape(-1, 3)
    return local


def _fixed(points: np.ndarray) -> np.ndarray:
    """Points (x, y, …) [K, 3] as OpenCV takes them, whose pixels are counted from their middles."""
    return np.round((np.clip(points[:, :2], -LIMIT, LIMIT) - 0.5) * (1 << BITS)).astype(np.int32)
