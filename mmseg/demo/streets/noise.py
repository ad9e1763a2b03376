"""Noise that is fixed to surfaces: seamless, of any grain, and faded out where the grain is smaller than a pixel.

Letters: N points, T pixels of a tile.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

TILE = 512
CELL = 4  # pixels of a tile per grain
ROW = 1024  # points are looked up in rows of this length: OpenCV's maps have two dimensions


class Noise:
    """A seamless tile of smooth noise of mean 0 and standard deviation 1, looked up at any scale."""

    def __init__(self, rng: np.random.Generator) -> None:
        grid = rng.standard_normal((TILE // CELL, TILE // CELL)).astype(np.float32)
        padded = np.pad(grid, 4, mode="wrap")
        large = cv2.resize(padded, None, fx=CELL, fy=CELL, interpolation=cv2.INTER_CUBIC)
        tile = large[4 * CELL : 4 * CELL + TILE, 4 * CELL : 4 * CELL + TILE]
        self.tile = np.ascontiguousarray(tile / tile.std())

    def at(self, u: np.ndarray, v: np.ndarray, cell: float | tuple[float, float]) -> np.ndarray:
        """Values at points [N] in metres, with grains of ``cell`` metres (along u and v): float32 [N]."""
        wide, high = cell if isinstance(cell, tuple) else (cell, cell)
        return lookup(self.tile, np.mod(u * (CELL / wide), TILE), np.mod(v * (CELL / high), TILE), wrap=True)

    def fractal(self, u: np.ndarray, v: np.ndarray, footprint: np.ndarray, cells: Sequence[float]) -> np.ndarray:
        """Sum over several grains, without those smaller than a pixel of ``footprint`` metres [N]: float32 [N]."""
        total = np.zeros(len(u), np.float32)
        for number, cell in enumerate(cells):
            seen = np.clip(1.6 * cell / footprint - 0.6, 0, 1)
            if seen.any():
                total += seen * self.at(u + 7.7 * number, v + 3.1 * number, cell)
        return total


def lookup(image: np.ndarray, x: np.ndarray, y: np.ndarray, *, wrap: bool = False) -> np.ndarray:
    """Bilinear values of an image [T, T] or [T, T, C] at pixel coordinates [N]: [N] or [N, C]."""
    count = len(x)
    rows = max(-(-count // ROW), 1)
    grid = np.zeros((2, rows * ROW), np.float32)
    grid[0, :count], grid[1, :count] = x, y
    border = cv2.BORDER_WRAP if wrap else cv2.BORDER_REPLICATE
    found = cv2.remap(image, grid[0].reshape(rows, ROW), grid[1].reshape(rows, ROW), cv2.INTER_LINEAR, borderMode=border)
    return found.reshape(rows * ROW, *image.shape[2:])[:count]


def picture(rng: np.random.Generator, height: int, width: int, cells: float) -> np.ndarray:
    """Smooth noise of standard deviation about 1 as a picture: float32 [height, width], ``cells`` grains along its longer side."""
    pixels = max(height, width) / cells
    grid = rng.standard_normal((max(round(height / pixels), 1) + 3, max(round(width / pixels), 1) + 3)).astype(np.float32)
    return 1.3 * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
