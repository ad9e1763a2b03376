"""Upright stretches along the street: buildings, walls, fences, hedges and rows of trees.

Letters: (h, w) texture pixels.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.demo.layout import Frontage, Layout
from mmseg.demo.painting.camera import NEAR, Camera
from mmseg.demo.painting.canvas import Canvas, shade
from mmseg.demo.styles import Palette, Style

BUILDING, WALL, FENCE, VEGETATION = 11, 12, 13, 21
DETAIL = 16  # texture pixels per metre
ROOFS = ((104, 66, 54), (84, 78, 76), (96, 86, 80), (70, 72, 78))  # tiles and slate, the same in both domains


def paint_frontage(canvas: Canvas, layout: Layout, style: Style, front: Frontage) -> None:
    """Paints one stretch with the face along the street, and for buildings the gable that looks at the camera."""
    rng = np.random.default_rng(front.seed)
    if front.kind in ("hedge", "trees"):
        paint_row_of_trees(canvas, layout.camera, style, front, rng)
        return
    camera, light = layout.camera, facade_light(layout, style, front.side)
    texture, label = TEXTURES[front.kind](style.palette, front.far - front.near, front.height, rng)
    if front.kind == "building":
        gable = building_texture(style.palette, 8.0, front.height, np.random.default_rng(front.seed))[0]
        outer = front.side * (front.lateral + 8.0)
        upright(canvas, camera, gable, BUILDING, (min(front.x, outer), front.near), (max(front.x, outer), front.near), front.height, 0.9)
        paint_roof(canvas, camera, style.palette, front, rng)
    ends = ((front.x, front.near), (front.x, front.far))
    left, right = ends if front.side < 0 else ends[::-1]
    upright(canvas, camera, texture, label, left, right, front.height, light)


def facade_light(layout: Layout, style: Style, side: int) -> float:
    """Facades opposite the sun are lit, those on its side lie in their own shadow."""
    return 1 + style.sun * (0.12 if side != layout.sun_side else -0.28)


def upright(canvas: Canvas, camera: Camera, texture: np.ndarray, label: int, left, right, height: float, light: float) -> None:
    """Puts a texture on the vertical plane between two ground points (X, Z), ``height`` metres high."""
    (x1, z1), (x2, z2) = left, right
    z1, z2 = max(z1, NEAR), max(z2, NEAR)
    quad = camera.project(np.array([[x1, height, z1], [x2, height, z2], [x2, 0, z2], [x1, 0, z1]]))
    if quad[1, 0] <= quad[0, 0]:  # seen from behind
        return
    middle = np.sqrt(max(z1, 4.0) * max(z2, 4.0))
    wide = max(quad[1, 0] - quad[0, 0], 2) if max(z1, z2) < 2 * min(z1, z2) else camera.scale(middle) * abs(z2 - z1)
    size = (int(np.clip(wide * 1.2, 2, texture.shape[1])), int(np.clip(camera.scale(middle) * height * 1.2, 2, texture.shape[0])))
    smaller = cv2.resize(texture, size, interpolation=cv2.INTER_AREA)  # before warping, which would alias
    canvas.plane(quad, cv2.convertScaleAbs(smaller, alpha=light), label, (1 / z1, 1 / z2))


def building_texture(palette: Palette, width: float, height: float, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Plaster with rows of windows and, mostly, a shop on the ground floor."""
    base = shade(palette.building[rng.integers(len(palette.building))], rng.uniform(0.88, 1.1))
    texture = _plain(base, width, height, rng, grain=3)
    floor, bay = rng.uniform(2.9, 3.4), rng.uniform(2.0, 3.2)
    window_w, window_h = bay * rng.uniform(0.4, 0.6), floor * rng.uniform(0.42, 0.6)
    frame, glass = shade(base, rng.choice((0.75, 1.25))), palette.window
    shop = rng.random() < 0.5
    for level in range(int(height / floor)):
        top = height - (level + 1) * floor + (floor - window_h) * 0.45
        if level == 0 and shop:
            _shop(texture, palette, base, width, height, floor, rng)
            continue
        for column in range(int(width / bay)):
            left = column * bay + (bay - window_w) / 2
            _fill(texture, left - 0.1, top - 0.1, window_w + 0.2, window_h + 0.2, frame)
            _fill(texture, left, top, window_w, window_h, shade(glass, rng.uniform(0.7, 1.5)))
            if rng.random() < 0.3:  # a curtain or a balcony
                _fill(texture, left, top + window_h * 0.5, window_w, window_h * 0.5, shade(frame, rng.uniform(0.7, 1.1)))
    _fill(texture, 0, 0, width, 0.35, shade(base, 0.72))
    _fill(texture, 0, height - 0.5, width, 0.5, shade(base, 0.78))
    return texture, BUILDING


def wall_texture(palette: Palette, width: float, height: float, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Plain concrete or brick with a coping and a few pillars."""
    base = shade(palette.wall[rng.integers(len(palette.wall))], rng.uniform(0.85, 1.1))
    texture = _plain(base, width, height, rng, grain=4)
    if rng.random() < 0.5:
        for row in np.arange(0.0, height, 0.4):
            _fill(texture, 0, row, width, 0.08, shade(base, 0.88))
    for column in np.arange(rng.uniform(0, 3), width, rng.uniform(3, 6)):
        _fill(texture, column, 0, 0.35, height, shade(base, 0.86))
    _fill(texture, 0, 0, width, 0.16, shade(base, 1.18))
    return texture, WALL


def fence_texture(palette: Palette, width: float, height: float, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Bars or boards between two rails; what shines through is a darker tone of the same colour."""
    base = shade(palette.fence[rng.integers(len(palette.fence))], rng.uniform(0.85, 1.1))
    boards = rng.random() < 0.5
    pitch = rng.uniform(0.35, 0.5)
    texture = _plain(shade(base, 0.8 if boards else 0.5), width, height, rng, grain=3)
    for column in np.arange(0.0, width, pitch):
        _fill(texture, column, 0, pitch * (0.75 if boards else 0.4), height, shade(base, rng.uniform(0.92, 1.08)))
    for row in (0.12, height - 0.35):
        _fill(texture, 0, row, width, 0.14, shade(base, 1.12))
    for column in np.arange(0.0, width, 2.5):
        _fill(texture, column, 0, 0.2, height, shade(base, 0.7))
    return texture, FENCE


TEXTURES = {"building": building_texture, "wall": wall_texture, "fence": fence_texture}


def paint_roof(canvas: Canvas, camera: Camera, palette: Palette, front: Frontage, rng: np.random.Generator) -> None:
    """A steep roof, on some buildings; a flat one would never be seen from the street."""
    if rng.random() < 0.4:
        return
    top, ridge, inset = front.height, front.height + rng.uniform(1.4, 2.6), front.side * 0.9
    outer = front.side * (front.lateral + 8.0)
    colour = shade(ROOFS[rng.integers(len(ROOFS))], rng.uniform(0.8, 1.1))
    gable = [(front.x, top, front.near), (outer, top, front.near), (outer - inset, ridge, front.near + 0.9)]
    slope = [(front.x, top, front.near), (front.x, top, front.far), (front.x + inset, ridge, front.far - 0.9)]
    corner = (front.x + inset, ridge, front.near + 0.9)
    for face, tone in ((gable, 0.9), (slope, 1.0)):
        canvas.polygon(camera.project(np.array([*face, corner])), shade(colour, tone), BUILDING, 1 / front.near)


def paint_row_of_trees(canvas: Canvas, camera: Camera, style: Style, front: Frontage, rng: np.random.Generator) -> None:
    """A hedge (a low row of blobs) or a group of trees (a high one), with a dark body that closes the gaps."""
    foliage = style.palette.foliage
    near, far = max(front.near, 3.0), front.far
    body = np.array([[front.x, 0, near], [front.x, front.height * 0.8, near], [front.x, front.height * 0.8, far], [front.x, 0, far]])
    canvas.polygon(camera.project(body), shade(foliage[0], 0.75), VEGETATION, 1 / near)
    step = front.height * 0.16
    positions = near * (far / near) ** np.sort(rng.random(int(np.clip((far - near) / step, 8, 60))))[::-1]
    for z in positions:
        radius = front.height * rng.uniform(0.14, 0.26)
        y = rng.uniform(0.25, 1.0) * front.height - radius * 0.3
        centre = camera.project(np.array([[front.x + rng.normal(0, 0.2), max(y, radius), z]]))[0]
        colour = shade(foliage[rng.integers(len(foliage))], rng.uniform(0.75, 1.0) + 0.25 * y / front.height)
        canvas.disc(centre, radius * camera.scale(z), colour, VEGETATION, 1 / z)


def _plain(colour, width: float, height: float, rng: np.random.Generator, grain: float) -> np.ndarray:
    h, w = max(2, round(height * DETAIL)), max(2, round(width * DETAIL))
    noise = rng.normal(0, grain, (max(2, h // 6), max(2, w // 6), 1)).astype(np.float32)
    stains = cv2.resize(noise, (w, h), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.clip(np.float32(colour) + stains, 0, 255).astype(np.uint8)


def _fill(texture: np.ndarray, left: float, top: float, width: float, height: float, colour) -> None:
    """Fills a rectangle given in metres from the top left corner."""
    x1, y1 = round(left * DETAIL), round(top * DETAIL)
    x2, y2 = max(x1 + 1, round((left + width) * DETAIL)), max(y1 + 1, round((top + height) * DETAIL))
    texture[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = colour


def _shop(texture, palette: Palette, base, width: float, height: float, floor: float, rng: np.random.Generator) -> None:
    sign = palette.clothing[rng.integers(len(palette.clothing))]
    _fill(texture, 0, height - floor, width, floor, shade(base, 0.85))
    _fill(texture, 0.3, height - floor + 0.1, width - 0.6, 0.55, sign)
    for left in np.arange(0.4, width - 2, 2.6):
        _fill(texture, left, height - floor + 0.8, 2.1, floor - 1.3, shade(palette.window, rng.uniform(0.7, 1.3)))
