"""Colours for classes that have none of their own: distinct, also for most people who are colour-blind.

Letters: N colours.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np

from mmseg.utils.errors import UserError

Color = tuple[int, int, int]

FIRST_COLORS: tuple[Color, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (240, 228, 66),
    (86, 180, 233),
    (213, 94, 0),
)
"""Colour universal design (Okabe and Ito, 2008) without its black, which means 'ignored' here."""

COLOR_VISION = (
    np.eye(3),
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
)
"""Linear RGB as seen with normal vision, protanopia and deuteranopia (Machado et al., 2009, severity 1)."""

GAMMA = 2.2
LEVELS = np.linspace(0, 255, 8).round().astype(int)  # 512 candidates: more than there are train ids


@functools.cache
def default_palette(count: int) -> tuple[Color, ...]:
    """RGB of ``count`` classes, at most 255; the first colours are the same for every count.

    After :data:`FIRST_COLORS`, each colour is the one whose nearest neighbour among the earlier ones, black and white is
    farthest away, as the worst of normal, protanope and deuteranope vision sees it.
    """
    colors = np.array([(0, 0, 0), (255, 255, 255), *FIRST_COLORS])
    candidates = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS, indexing="ij"), -1).reshape(-1, 3)
    seen = _seen(candidates)
    nearest = np.min([_distance(seen, color) for color in _seen(colors).swapaxes(0, 1)], axis=0)
    while len(colors) < count + 2:
        best = int(nearest.argmax())
        colors = np.vstack([colors, candidates[best]])
        nearest = np.minimum(nearest, _distance(seen, seen[:, best]))
    return tuple(tuple(int(value) for value in color) for color in colors[2 : count + 2])


def _seen(colors: np.ndarray) -> np.ndarray:
    """RGB [N, 3] in 0..255 as CIELAB [3, N, 3] of the kinds of vision."""
    linear = (colors / 255) ** GAMMA
    views = np.stack([np.clip(linear @ matrix.T, 0, 1) ** (1 / GAMMA) for matrix in COLOR_VISION])
    return cv2.cvtColor(views.astype(np.float32), cv2.COLOR_RGB2Lab)


def _distance(seen: np.ndarray, color: np.ndarray) -> np.ndarray:
    """Distance of colours [3, N, 3] from one [3, 3]: [N], the smallest over the kinds of vision."""
    return np.linalg.norm(seen - color[:, None], axis=-1).min(axis=0)


def check_palette(palette: object, count: int, owner: str) -> tuple[Color, ...]:
    """The palette of a config as tuples.

    Raises:
        UserError: it does not give RGB from 0 to 255 to each of ``count`` classes.
    """
    colors = tuple(tuple(color) for color in palette)
    if len(colors) != count:
        raise UserError(f"{owner}: palette has {len(colors)} colours for {count} classes. Give one [red, green, blue] per class.")
    for color in colors:
        if len(color) != 3 or not all(isinstance(value, int) and 0 <= value <= 255 for value in color):
            raise UserError(f"{owner}: the colour {list(color)} of the palette is not RGB. Use three whole numbers from 0 to 255.")
    return colors
