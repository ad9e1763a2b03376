"""Paint on the road: lanes, edges, yellow lines, zebra crossings, stop lines, arrows, hatching.

Letters: N points of the road at (t, s), see :mod:`mmseg.demo.streets.street`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.noise import Noise
from mmseg.demo.streets.street import LANE, PARKING, Street

Paint = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(colour [N, 3], t, s, metres per pixel [N]) -> colour with the paint on it."""


def markings(street: Street, noise: Noise, rng: np.random.Generator) -> Paint:
    """All the paint of a street, worn to some degree."""
    white, yellow = colours.hsv(rng, (0.08, 0.18), (0, 0.1), (0.75, 0.95)), colours.hsv(rng, (0.11, 0.15), (0.5, 0.85), (0.65, 0.9))
    wear, thick = rng.uniform(-0.6, 1.3), rng.uniform(0.09, 0.16)
    dash, gap = ((2.0, 4.0), (4.0, 2.0), (4.0, 5.0), (1.0, 1.0))[rng.integers(4)]
    arrow = rng.uniform(10, 30) if rng.random() < 0.35 else None
    hatched = rng.random() < 0.15
    edges = rng.random() < 0.3
    start = street.crossing[0] if street.crossing else None
    stop = start - 1.5 if start and rng.random() < 0.7 else None

    def coverage(t: np.ndarray, s: np.ndarray, pixel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        painted, lined = np.zeros(len(t), np.float32), np.zeros(len(t), np.float32)
        dashes = (np.mod(s, dash + gap) < dash).astype(np.float32)
        for left, right in zip(sorted(street.lanes)[:-1], sorted(street.lanes)[1:], strict=True):
            painted = np.maximum(painted, _line(t - (left + right) / 2, thick, pixel) * dashes)
        if hatched:
            middle = -street.keep * LANE / 2
            inside = np.abs(t - middle) < 0.5
            painted = np.maximum(painted, inside * (np.mod(s + (t - middle), 2.4) < 0.5) * (np.mod(s, 60) < 30))
        for which, side in street.sides.items():
            edge = side.road - PARKING * side.parking
            if side.parking:
                painted = np.maximum(painted, _line(which * t - edge, thick, pixel) * (np.mod(s, 6) < 5.2))
                painted = np.maximum(painted, ((which * t > edge) & (np.mod(s, 6) < thick)).astype(np.float32))
            elif side.yellow:
                for inset in (0.25, 0.45):
                    lined = np.maximum(lined, _line(which * t - side.road + inset, 0.09, pixel))
            elif edges:
                painted = np.maximum(painted, _line(which * t - side.road + 0.3, thick, pixel))
        return painted, lined

    def paint(colour: np.ndarray, t: np.ndarray, s: np.ndarray, pixel: np.ndarray) -> np.ndarray:
        painted, lined = coverage(t, s, pixel)
        on_road = (t > -street.sides[-1].road) & (t < street.sides[1].road)
        if street.crossing:
            away = (s < street.crossing[0]) | (s > street.crossing[1])
            painted, lined = painted * away, lined * away
        own = t * street.keep > -LANE / 2
        if stop is not None:
            painted = np.where((s > stop - 6) & (s < stop), painted * 0, painted)
            painted = np.maximum(painted, _line(s - stop, 0.35, pixel) * (own & on_road))
        if street.zebra is not None:
            clear = np.abs(s - street.zebra) < 3.5
            painted, lined = np.where(clear, 0, painted), np.where(clear, 0, lined)
            stripes = (np.mod(t, 1.2) < 0.6) & (np.abs(s - street.zebra) < 1.5) & on_road
            teeth = (np.mod(s, 0.9) < 0.45) & (np.abs(np.abs(s - street.zebra) - 2.2) < 0.25) & on_road
            painted = np.maximum(painted, stripes)
        else:
            teeth = False
        painted = np.maximum(painted, 0.9 * np.asarray(teeth, np.float32))
        if arrow is not None:
            painted = np.maximum(painted, _arrow(t, s - arrow, pixel))
        intact = np.clip(0.75 + 0.5 * wear - 0.3 * (noise.at(t, s, 0.12) + noise.at(t, s, 0.6)) - 0.1, 0.1, 0.95)
        for value, cover in ((white, painted), (yellow, lined)):
            colour = colour + (np.float32(value) - colour) * (cover * intact)[:, None]
        return colour

    return paint


def _line(away: np.ndarray, width: float, pixel: np.ndarray) -> np.ndarray:
    """Coverage in [0, 1] of a line of ``width`` metres by the distance from its middle."""
    return np.clip((width / 2 - np.abs(away)) / pixel + 0.5, 0, 1) * np.minimum(1, 1.5 * width / pixel)


def _arrow(t: np.ndarray, s: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """An arrow that points ahead, 4 metres long."""
    shaft = _line(t, 0.16, pixel) * ((s > 0) & (s < 2.6))
    head = (np.abs(t) < 0.45 * (4.0 - s) / 1.4) & (s > 2.6) & (s < 4.0)
    return np.maximum(shaft, head)
