"""Which face every pixel of a view sees: polygons, limbs and sprites against a depth buffer.

Letters: (H, W) pixels of a view.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmseg.demo.streets.space.model import Model
from mmseg.demo.streets.space.polygons import Area, Outlines
from mmseg.demo.streets.space.views import Camera, Parallel

THINNEST = 0.55  # pixels of radius; thinner limbs would have holes
FAR_BEHIND = -1e6
THIN = 0.09  # metres of radius
LYING = 4.0  # is added to what tells the place across limbs that lie rather than stand: theirs is from below to above


class Buffers:
    """What a view sees.

    Attributes:
        nearness: float32 [H, W], see :mod:`mmseg.demo.streets.space.views`; 0 from a camera, or very negative, where nothing is.
        face: int32 [H, W] index of the face, -1 where nothing is.
        across: float32 [H, W] -1 left to 1 right on limbs (see :data:`LYING`); the tone of sprites in [-1, 1]; 0 elsewhere.
    """

    def __init__(self, view: Camera | Parallel) -> None:
        shape = (view.height, view.width)
        self.nearness = np.full(shape, 0.0 if isinstance(view, Camera) else FAR_BEHIND, np.float32)
        self.face = np.full(shape, -1, np.int32)
        self.across = np.zeros(shape, np.float32)

    def put(self, area: Area, mask: np.ndarray, nearness: np.ndarray | float, face: int, across=0.0) -> None:
        """Writes where the mask is set and nothing nearer was written."""
        before = self.nearness[area]
        wins = mask & (nearness > before)
        np.copyto(before, nearness, where=wins)
        np.copyto(self.face[area], face, where=wins)
        np.copyto(self.across[area], across, where=wins)


def look(model: Model, view: Camera | Parallel, *, shadows: bool = False, coarse: bool = False) -> Buffers:
    """What ``view`` sees of the model.

    Args:
        shadows: only what casts shadows.
        coarse: only sprites that stand on the ground, and no thin limbs.
    """
    buffers = Buffers(view)
    if model.polygons:
        _polygons(buffers, model, view, shadows)
    _limbs(buffers, [limb for limb in model.limbs if limb[2] > THIN] if coarse else model.limbs, view)
    _sprites(buffers, [sprite for sprite in model.sprites if sprite[4]] if coarse else model.sprites, view)
    return buffers


def covered(model: Model, view: Camera, nearness: np.ndarray) -> Iterator[tuple[Area, np.ndarray, int]]:
    """Areas, masks and labels of what is labelled as a whole, where nothing nearer is seen."""
    outlines = Outlines.of([points for points, _ in model.covers], [()] * len(model.covers), view)
    for number, area, mask, near in outlines.filled(nearness.shape):
        yield area, mask & (near > nearness[area] * 0.99), model.covers[number][1]


def _polygons(buffers: Buffers, model: Model, view: Camera | Parallel, shadows: bool) -> None:
    """Draws all polygons but those that are seen from behind."""
    firsts = np.array([points[0] for points, *_ in model.polygons]).reshape(-1, 3)
    faces = np.array([face for _, _, face, _, _ in model.polygons], int)
    kept = view.faces(firsts, np.asarray(model.normals, float)[faces]) | ~np.array([one for *_, one, _ in model.polygons], bool)
    if shadows:
        kept &= np.array([casts for *_, casts in model.polygons], bool)
    chosen = [model.polygons[i] for i in np.flatnonzero(kept)]
    outlines = Outlines.of([points for points, *_ in chosen], [holes for _, holes, *_ in chosen], view)
    for number, area, mask, near in outlines.filled(buffers.face.shape):
        buffers.put(area, mask, near, chosen[number][2])


def _limbs(buffers: Buffers, limbs: list, view: Camera | Parallel) -> None:
    if not limbs:
        return
    starts = view.local(np.array([limb[0] for limb in limbs]))
    ends = view.local(np.array([limb[1] for limb in limbs]))
    cut = view.is_cut(starts) | view.is_cut(ends)
    starts, ends = view.screen(starts), view.screen(ends)
    radii = [np.array([limb[i] for limb in limbs]) * view.scale(at[:, 2]) for i, at in ((2, starts), (3, ends))]
    radii = [np.maximum(radius, THINNEST) for radius in radii]
    height, width = buffers.face.shape
    reach = np.maximum(*radii)[:, None]
    low, high = np.minimum(starts, ends)[:, :2] - reach, np.maximum(starts, ends)[:, :2] + reach
    shown = ~cut & (high > 0).all(1) & (low < (width, height)).all(1)
    for i in np.flatnonzero(shown):
        _limb(buffers, starts[i].tolist(), ends[i].tolist(), float(radii[0][i]), float(radii[1][i]), limbs[i][4])


def _limb(buffers: Buffers, start, end, radius: float, end_radius: float, face: int) -> None:
    height, width = buffers.face.shape
    reach = max(radius, end_radius) + 1
    left, right = max(int(min(start[0], end[0]) - reach), 0), min(int(max(start[0], end[0]) + reach) + 1, width)
    top, bottom = max(int(min(start[1], end[1]) - reach), 0), min(int(max(start[1], end[1]) + reach) + 1, height)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(float(np.hypot(dx, dy)), 1e-6)
    x = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5 - start[0])
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - start[1])
    share = np.clip((x * dx + y * dy) / length**2, 0, 1)
    off_x, off_y = x - share * dx, y - share * dy
    thick = radius + (end_radius - radius) * share
    mask = off_x * off_x + off_y * off_y <= thick * thick
    across = np.clip(off_x / thick, -1, 1) if abs(dx) <= abs(dy) * 2 else np.clip(-off_y / thick, -1, 1) + np.float32(LYING)
    near = start[2] + (end[2] - start[2]) * share
    buffers.put(np.s_[top:bottom, left:right], mask, near, face, across)


def _sprites(buffers: Buffers, sprites: list, view: Camera | Parallel) -> None:
    if not sprites:
        return
    local = view.local(np.array([sprite[0] for sprite in sprites]))
    screen = view.screen(local)
    radii = np.array([sprite[1] for sprite in sprites]) * view.scale(screen[:, 2])
    height, width = buffers.face.shape
    shown = ~view.is_cut(local) & (screen[:, :2] + radii[:, None] > 0).all(1) & (screen[:, :2] - radii[:, None] < (width, height)).all(1)
    for i in np.flatnonzero(shown):
        x, y, near = screen[i].tolist()
        _, _, mask, face, _ = sprites[i]
        _sprite(buffers, x, y, near, max(float(radii[i]), 0.7), mask, face)


def _sprite(buffers: Buffers, x: float, y: float, near: float, radius: float, mask: np.ndarray, face: int) -> None:
    height, width = buffers.face.shape
    left, top, size = round(x - radius), round(y - radius), max(round(2 * radius), 1)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + size, width), min(top + size, height)
    if x0 >= x1 or y0 >= y1:
        return
    rows = (np.arange(y0 - top, y1 - top) * mask.shape[0] + mask.shape[0] // 2) // size
    columns = (np.arange(x0 - left, x1 - left) * mask.shape[1] + mask.shape[1] // 2) // size
    tone = mask[np.minimum(rows, mask.shape[0] - 1)[:, None], np.minimum(columns, mask.shape[1] - 1)]
    buffers.put(np.s_[y0:y1, x0:x1], tone > 0, near, face, tone * np.float32(1 / 128) - 1)
