"""Sky, skyline and ground: what covers the picture before anything stands on it.

Letters: (H, W) image, R first row below the horizon.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.demo.layout import LANE, Layout, Thing
from mmseg.demo.painting.camera import FAR
from mmseg.demo.painting.canvas import Canvas, shade
from mmseg.demo.styles import Palette, Style

ROAD, SIDEWALK, TERRAIN, BUILDING, VEGETATION, SKY = 7, 8, 22, 11, 21, 23
TILE = 256  # pixels of a texture tile; a power of two, because it wraps by a bit mask


def cloud_noise(rng: np.random.Generator, height: int, width: int, cells: int) -> np.ndarray:
    """Smooth noise of mean 0 and standard deviation of about 1: float32 [height, width], ``cells`` grains across."""
    rows = max(2, round(cells * height / width))
    grid = rng.standard_normal((rows + 1, cells + 1)).astype(np.float32)
    return 1.3 * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)


def tile_noise(rng: np.random.Generator, cell: int) -> np.ndarray:
    """Like :func:`cloud_noise`, but seamless when repeated: float32 [TILE, TILE], grains of ``cell`` pixels."""
    grid = np.pad(rng.standard_normal((TILE // cell, TILE // cell)).astype(np.float32), 2, mode="wrap")
    inside = slice(2 * cell, 2 * cell + TILE)
    return 1.3 * cv2.resize(grid, None, fx=cell, fy=cell, interpolation=cv2.INTER_CUBIC)[inside, inside]


def paint_sky(canvas: Canvas, layout: Layout, style: Style, rng: np.random.Generator) -> None:
    """A gradient with clouds over the whole picture."""
    width, height = canvas.size
    zenith, horizon, cloud = (np.float32(c) for c in (style.palette.sky, style.palette.horizon, style.palette.cloud))
    share = np.clip(np.arange(height, dtype=np.float32) / layout.camera.horizon, 0, 1)[:, None, None]
    sky = zenith + (horizon - zenith) * share
    noise = cloud_noise(rng, height, width, 5) + 0.5 * cloud_noise(rng, height, width, 14)
    cover = np.clip(0.35 * noise + rng.uniform(-0.25, 0.45), 0, 0.9)[..., None]
    canvas.image[:] = sky + (cloud - sky) * cover
    canvas.ids[:] = SKY


def paint_skyline(canvas: Canvas, layout: Layout, style: Style, rng: np.random.Generator) -> None:
    """Far houses and tree tops along the horizon."""
    width, _ = canvas.size
    palette, unit = style.palette, layout.camera.focal / FAR  # pixels per metre at the skyline
    column = -5.0
    while column < width:
        trees = rng.random() < 0.45
        span = unit * rng.uniform(8, 30)
        top = layout.camera.horizon - unit * (rng.uniform(3, 9) if trees else rng.uniform(4, 22))
        if rng.random() < 0.85:
            colours = palette.foliage if trees else palette.building
            colour = shade(colours[rng.integers(len(colours))], rng.uniform(0.8, 1.0))
            base = layout.camera.horizon + 3
            points = np.array([[column, base], [column, top], [column + span, top], [column + span, base]])
            if trees:
                points = np.insert(points, 2, [column + span / 2, top - unit * rng.uniform(1, 3)], 0)
            canvas.polygon(points, colour, VEGETATION if trees else BUILDING, 1 / FAR)
        column += span * rng.uniform(0.7, 1.0)


def paint_ground(canvas: Canvas, layout: Layout, style: Style, rng: np.random.Generator) -> None:
    """Road with markings, sidewalks with kerbs and joints, grass, and the shadows of what will stand there."""
    first, x, z = layout.camera.ground()
    ids, colour = _surfaces(layout, style.palette, x, z, rng)
    texture = _texture(rng, ids, x, z) * style.texture
    pixel = z / layout.camera.focal  # metres across one pixel
    marking = _markings(layout, x, z, pixel) * rng.uniform(0.6, 1.0)
    colour *= (1 + texture - _joints(layout, x, z, pixel, ids))[..., None]
    colour += (np.float32(style.palette.marking) - colour) * marking[..., None]
    kerb = _kerbs(layout, x, z, pixel)
    colour += (np.float32(style.palette.kerb) - colour) * kerb[..., None]
    colour *= shadows(layout, style, canvas.size)[first:, :, None]
    canvas.image[first:] = np.clip(colour, 0, 255)
    canvas.ids[first:] = ids
    canvas.inverse_depth[first:] = 1 / z


def shadows(layout: Layout, style: Style, size: tuple[int, int]) -> np.ndarray:
    """How much light reaches the ground: float32 [H, W] in [0, 1]; contact shadows, and cast ones when the sun shines."""
    cast = np.full((size[1], size[0]), 255, np.uint8)
    reach = -layout.sun_side * style.sun * 0.9  # metres of shadow per metre of height
    if style.sun > 0.3:
        for front in layout.frontages:
            if front.side == layout.sun_side:
                tip = front.x + reach * front.height
                corners = [(front.x, 0, front.near), (tip, 0, front.near), (tip, 0, front.far), (front.x, 0, front.far)]
                _darken(cast, layout, corners, 255 * (1 - 0.5 * style.sun))
    for thing in layout.things:
        _darken(cast, layout, _footprint(thing, reach if thing.height < 4 else 0.0), 255 * (1 - 0.5 * style.sun))
    contact = np.full_like(cast, 255)
    for thing in layout.things:
        _darken(contact, layout, _footprint(thing, 0.0), 110)
    blur = size[0] / 512
    light = cv2.GaussianBlur(cast, (0, 0), 0.8 * blur).astype(np.float32) * cv2.GaussianBlur(contact, (0, 0), 1.6 * blur)
    return light / 255**2


def _footprint(thing: Thing, reach: float) -> list[tuple[float, float, float]]:
    half_w, half_l = thing.width / 2, max(thing.length / 2, 0.15)
    cos, sin = np.cos(thing.heading), np.sin(thing.heading)
    if thing.kind in ("lamp", "light", "sign", "tree", "bin"):  # their heading is the side of the street
        cos, sin = 1.0, 0.0
    corners = [(-half_w, -half_l), (half_w, -half_l), (half_w, half_l), (-half_w, half_l)]
    base = [(thing.x + u * cos + w * sin, 0.0, thing.z - u * sin + w * cos) for u, w in corners]
    tips = [(x + reach * thing.height, y, z) for x, y, z in base]
    hull = cv2.convexHull(np.float32([(x, z) for x, _, z in base + tips]))[:, 0]
    return [(float(x), 0.0, float(z)) for x, z in hull]


def _darken(light: np.ndarray, layout: Layout, corners: list, value: float) -> None:
    points = np.round(np.clip(layout.camera.project(np.array(corners)), -8000, 8000) * 16).astype(np.int32)
    cv2.fillPoly(light, [points.reshape(-1, 1, 2)], value, cv2.LINE_AA, 4)


def _surfaces(layout: Layout, palette: Palette, x, z, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Label ids uint8 [H-R, W] and base colours float32 [H-R, W, 3]."""
    ids = np.full(x.shape, ROAD, np.uint8)
    colour = np.empty((*x.shape, 3), np.float32)
    colour[:] = shade(palette.road, rng.uniform(0.88, 1.12))
    grass = palette.terrain[rng.integers(len(palette.terrain))]
    walk = shade(palette.sidewalk, rng.uniform(0.92, 1.08))
    for which in (-1, 1):
        side = layout.side(which)
        yard = SIDEWALK if rng.random() < 0.3 else TERRAIN
        strips = ((side.road, TERRAIN, grass), (side.verge, SIDEWALK, walk))
        ground = palette.yard if yard == SIDEWALK else palette.terrain[rng.integers(len(palette.terrain))]
        for start, label, value in (*strips, (side.sidewalk, yard, ground)):
            beyond = which * x > start
            ids[beyond] = label
            colour[beyond] = value
    if layout.crossing:
        across = np.broadcast_to((z > layout.crossing[0]) & (z < layout.crossing[1]), x.shape)
        ids[across] = ROAD
        colour[across] = colour[-1, np.argmin(np.abs(x[-1]))]
    return ids, colour


def _texture(rng: np.random.Generator, ids, x, z) -> np.ndarray:
    """Grain fixed to the ground: float32 [H-R, W], standard deviation about 0.08."""
    fine = 0.5 * rng.standard_normal((TILE, TILE)).astype(np.float32)
    fine += tile_noise(rng, 4)
    coarse = tile_noise(rng, 8)
    fade = np.clip(14 / z, 0.15, 1)  # grain smaller than a pixel averages out
    grain = fine[_wrap(z, 12), _wrap(x, 12)] * fade
    patches = coarse[_wrap(z, 4), _wrap(x, 6)]
    strength = np.zeros(256, np.float32)
    strength[[ROAD, SIDEWALK, TERRAIN]] = 0.035, 0.03, 0.09
    return strength[ids] * grain + 0.04 * patches


def _wrap(metres: np.ndarray, per_metre: float) -> np.ndarray:
    return np.floor(metres * per_metre).astype(np.int32) & (TILE - 1)


def _band(position, centre: float, width: float, pixel) -> np.ndarray:
    """Coverage in [0, 1] of a line of ``width`` metres, smoothed over one pixel."""
    return np.clip((width / 2 - np.abs(position - centre)) / pixel + 0.5, 0, 1) * np.minimum(1, width / pixel)


def _markings(layout: Layout, x, z, pixel) -> np.ndarray:
    """Lane dashes, edge lines, a stop line and a zebra crossing: coverage in [0, 1]."""
    painted = np.zeros(x.shape, np.float32)
    dash = np.where(np.mod(z, 9.0) < 4.0, 1.0, 0.0)
    for lane in layout.lanes[1:]:
        oncoming = abs(lane) < 1e-6  # between the own and the oncoming direction: a solid line
        painted = np.maximum(painted, _band(x, lane - LANE / 2, 0.16, pixel) * (1.0 if oncoming and layout.crossing else dash))
    inner = (layout.lanes[0] - LANE / 2, layout.lanes[-1] + LANE / 2)
    for which, edge in zip((-1, 1), inner, strict=True):
        if layout.side(which).parking:
            painted = np.maximum(painted, 0.8 * _band(x, edge, 0.12, pixel))
    if layout.crossing:
        start, end = layout.crossing
        painted = painted * ((z < start - 5) | (z > end + 5))
        on_road = (x > -layout.left.road) & (x < layout.right.road)
        stripes = (np.mod(x, 1.0) < 0.5) & (z > start - 4) & (z < start - 1)
        stop = (z > start - 5.2) & (z < start - 4.8) & (x > -LANE / 2)
        painted = np.maximum(painted, 0.9 * ((stripes | stop) & on_road))
    return painted


def _kerbs(layout: Layout, x, z, pixel) -> np.ndarray:
    kerb = np.zeros(x.shape, np.float32)
    for which in (-1, 1):
        side = layout.side(which)
        kerb = np.maximum(kerb, _band(which * x, side.road + 0.12, 0.24, pixel))
        if side.verge > side.road:
            kerb = np.maximum(kerb, 0.6 * _band(which * x, side.verge, 0.12, pixel))
    if layout.crossing:
        kerb = kerb * ((z < layout.crossing[0]) | (z > layout.crossing[1]))
    return kerb


def _joints(layout: Layout, x, z, pixel, ids) -> np.ndarray:
    """Darkening by the joints between slabs, the gutter, and tram rails."""
    slab = 1.2
    across = np.clip((0.03 - np.abs(np.mod(x, slab) - slab / 2)) / pixel + 0.5, 0, 1) * np.clip(0.12 / pixel - 0.5, 0, 1)
    along = np.clip(1.4 - z / 18, 0, 1) * (np.abs(np.mod(z, slab) - slab / 2) < 0.04 + 0.4 * pixel * z / 1.5)
    dark = 0.16 * np.maximum(across, along) * (ids == SIDEWALK)
    for which in (-1, 1):
        side = layout.side(which)
        dark = np.maximum(dark, 0.25 * _band(which * x, side.road - 0.1, 0.2, pixel))
        if side.tram is not None:
            for rail in (-0.72, 0.72):
                dark = np.maximum(dark, 0.5 * _band(x, side.tram + rail, 0.12, pixel))
    return dark
