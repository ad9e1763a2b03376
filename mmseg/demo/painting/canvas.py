"""What painters paint on: colour, label id and inverse depth, always together and far to near.

Letters: (H, W) image, N points. Pixels are (x, y) floats; colours are RGB in [0, 255]; inverse depth is 1/m.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

SUBPIXEL_BITS = 4
LIMIT = 8000.0  # pixels; OpenCV's fixed-point coordinates overflow far outside the image


class Canvas:
    """A picture in progress.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        ids: uint8 [H, W] raw label ids.
        inverse_depth: float32 [H, W] in 1/m; 0 is infinitely far.
    """

    def __init__(self, *, width: int, height: int) -> None:
        self.image = np.zeros((height, width, 3), np.uint8)
        self.ids = np.zeros((height, width), np.uint8)
        self.inverse_depth = np.zeros((height, width), np.float32)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.image.shape[1], self.image.shape[0]

    def polygon(self, points: np.ndarray, colour: Sequence[float], label: int | None = None, inverse_depth: float = 0.0) -> None:
        """Fills a polygon [N, 2]. Without a label it is a detail of what lies beneath and changes the colour only."""
        for layer, value in self._layers(colour, label, inverse_depth):
            kind = cv2.LINE_AA if layer is self.image else cv2.LINE_8
            cv2.fillPoly(layer, [_fixed(points)], value, kind, SUBPIXEL_BITS)

    def stroke(
        self, points: np.ndarray, width: float, colour: Sequence[float], label: int | None = None, inverse_depth: float = 0.0
    ) -> None:
        """Draws a polyline [N, 2], ``width`` pixels wide but at least one.

        OpenCV's own thick lines are up to two pixels wider than asked for, too much for poles of two pixels.
        """
        half = width / 2 - 0.5  # polygons cover half a pixel beyond their outline
        if half <= 0.25:
            for layer, value in self._layers(colour, label, inverse_depth):
                cv2.polylines(layer, [_fixed(points)], False, value, 1, cv2.LINE_8, SUBPIXEL_BITS)
            return
        for start, end in pairwise(points):
            along = (end - start) / max(float(np.hypot(*(end - start))), 1e-6)
            across = half * np.array([-along[1], along[0]])
            self.polygon(np.stack([start - across, end - across, end + across, start + across]), colour, label, inverse_depth)
        for joint in points[1:-1]:
            self.disc(joint, width / 2, colour, label, inverse_depth)

    def disc(
        self, centre: Sequence[float], radius: float, colour: Sequence[float], label: int | None = None, inverse_depth: float = 0.0
    ) -> None:
        """Fills a circle around (x, y)."""
        one = 1 << SUBPIXEL_BITS
        middle = tuple(int(v) for v in np.clip(np.asarray(centre) * one, -LIMIT * one, LIMIT * one))
        reach = max(int((radius - 0.5) * one), one // 2)
        for layer, value in self._layers(colour, label, inverse_depth):
            kind = cv2.LINE_AA if layer is self.image else cv2.LINE_8
            cv2.circle(layer, middle, reach, value, -1, kind, SUBPIXEL_BITS)

    def plane(self, quad: np.ndarray, texture: np.ndarray, label: int, inverse_depth: tuple[float, float]) -> None:
        """Warps a texture onto an upright quadrilateral.

        Args:
            quad: [4, 2] pixels: top left, top right, bottom right, bottom left of the texture.
            texture: uint8 [h, w, 3].
            inverse_depth: at the left and at the right edge; between them it is linear in the column, as on any plane.
        """
        low = np.clip(np.floor(quad.min(0)), 0, self.size).astype(int)
        high = np.clip(np.ceil(quad.max(0)) + 1, 0, self.size).astype(int)
        if (high <= low).any():
            return
        area = np.s_[low[1] : high[1], low[0] : high[0]]
        width, height = (int(v) for v in high - low)
        h, w = texture.shape[:2]
        corners = np.float32([[0, 0], [w, 0], [w, h], [0, h]]) - 0.5
        matrix = cv2.getPerspectiveTransform(corners, np.float32(np.clip(quad, -LIMIT, LIMIT) - low))
        warped = cv2.warpPerspective(texture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [_fixed(quad - low)], 255, cv2.LINE_8, SUBPIXEL_BITS)
        inside = mask > 0
        cv2.copyTo(warped, mask, self.image[area])
        self.ids[area][inside] = label
        self.inverse_depth[area][inside] = np.broadcast_to(_ramp(quad, low[0], width, inverse_depth), inside.shape)[inside]

    def _layers(self, colour: Sequence[float], label: int | None, inverse_depth: float) -> list[tuple[np.ndarray, Any]]:
        """Arrays to draw into, and what to draw."""
        layers: list[tuple[np.ndarray, Any]] = [(self.image, tuple(float(c) for c in colour))]
        if label is not None:
            layers += [(self.ids, label), (self.inverse_depth, inverse_depth)]
        return layers


def shade(colour: Sequence[float], factor: float) -> tuple[float, ...]:
    """A darker (below 1) or lighter (above 1) version of a colour."""
    return tuple(min(255.0, c * factor) for c in colour)


def _ramp(quad: np.ndarray, first: int, width: int, ends: tuple[float, float]) -> np.ndarray:
    left, right = quad[0, 0], quad[1, 0]
    share = (np.arange(first, first + width) - left) / (right - left) if abs(right - left) > 1e-6 else np.zeros(width)
    return (ends[0] + (ends[1] - ends[0]) * np.clip(share, 0, 1)).astype(np.float32)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(np.clip(points, -LIMIT, LIMIT) * (1 << SUBPIXEL_BITS)).astype(np.int32).reshape(-1, 1, 2)
