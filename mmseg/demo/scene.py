"""Renders one street scene: what (seed, index, style) stand for.

Letters: (H, W) image.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmseg.datasets.classes.names import train_id_lut
from mmseg.demo.layout import Layout, Thing
from mmseg.demo.painting import furniture, people, vehicles
from mmseg.demo.painting.canvas import Canvas
from mmseg.demo.painting.facades import paint_frontage
from mmseg.demo.painting.ground import cloud_noise, paint_ground, paint_sky, paint_skyline
from mmseg.demo.painting.solids import Pose
from mmseg.demo.planning import draw_layout
from mmseg.demo.styles import Style
from mmseg.utils.randomness import Streams

EGO_VEHICLE = 1

PAINTERS = {  # kind of thing -> (painter, label id of strokes without one of their own)
    "car": (vehicles.paint_car, vehicles.CAR),
    "truck": (vehicles.paint_truck, vehicles.TRUCK),
    "bus": (vehicles.paint_bus, vehicles.BUS),
    "train": (vehicles.paint_train, vehicles.TRAIN),
    "person": (people.paint_person, people.PERSON),
    "rider": (people.paint_rider, people.BICYCLE),
    "bicycle": (people.paint_bicycle, people.BICYCLE),
    "motorcycle": (people.paint_motorcycle, people.MOTORCYCLE),
    "lamp": (furniture.paint_lamp, furniture.POLE),
    "light": (furniture.paint_light, furniture.POLE),
    "sign": (furniture.paint_sign, furniture.SIGN),
    "tree": (furniture.paint_tree, furniture.VEGETATION),
    "bin": (furniture.paint_bin, furniture.STATIC),
}

GRAIN = {11: 0.03, 12: 0.04, 13: 0.06, 21: 0.16, 24: 0.05, 25: 0.05, 26: 0.02, 27: 0.02, 28: 0.02, 31: 0.02}
"""Texture in the image plane by label id, as a share of the brightness."""


@dataclass(frozen=True)
class Scene:
    """One rendered scene.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        label: uint8 [H, W] train ids 0..18, and 255 where ignored.
        label_ids: uint8 [H, W] raw Cityscapes ids, among them 1 (ego vehicle) and 4 (static), which are ignored.
        inverse_depth: float32 [H, W] in 1/m, 0 in the sky.
    """

    image: np.ndarray
    label: np.ndarray
    label_ids: np.ndarray
    inverse_depth: np.ndarray


def render(seed: int, index: int, style: Style, size: tuple[int, int] = (512, 256)) -> Scene:
    """Renders the scene ``index`` of a style; the same arguments give the same scene.

    Args:
        size: (width, height) in pixels. The street stays the same, seen with more or fewer pixels.
    """
    streams = Streams(seed, index)
    layout = draw_layout(style, *size, streams.numpy(f"{style.name}/layout"))
    canvas = Canvas(width=size[0], height=size[1])
    look = streams.numpy(f"{style.name}/look")
    paint_sky(canvas, layout, style, look)
    paint_skyline(canvas, layout, style, look)
    paint_ground(canvas, layout, style, look)
    for front in (*layout.backdrop, *layout.frontages):
        paint_frontage(canvas, layout, style, front)
    for thing in layout.things:
        paint_thing(canvas, layout, style, thing)
    if style.hood:
        paint_hood(canvas, style, look)
    image = photograph(canvas, style, streams.numpy(f"{style.name}/camera"))
    return Scene(image, train_id_lut()[canvas.ids], canvas.ids, canvas.inverse_depth)


def paint_thing(canvas: Canvas, layout: Layout, style: Style, thing: Thing) -> None:
    """Paints one thing in the manner of its kind."""
    painter, label = PAINTERS[thing.kind]
    painter(Pose(canvas, layout.camera, thing, label, layout.sun_side * style.sun), style.palette, np.random.default_rng(thing.seed))


def paint_hood(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """The bonnet of the own car, with a reflection of the sky."""
    width, height = canvas.size
    rise = height * rng.uniform(0.09, 0.12)
    columns = np.linspace(0, width, 40)
    curve = height - rise * (1 - 0.55 * ((columns / width - 0.5) * 2) ** 4)
    for offset, factor in ((0.0, 1.35), (0.12, 1.0), (0.5, 0.85)):
        outline = np.stack([columns, curve + offset * rise], 1)
        outline = np.concatenate([outline, [[width, height + 2], [0, height + 2]]])
        colour = tuple(c * factor for c in style.palette.hood)
        canvas.polygon(outline, colour, EGO_VEHICLE if offset == 0 else None, 1.0)


def photograph(canvas: Canvas, style: Style, rng: np.random.Generator) -> np.ndarray:
    """What the camera makes of the painted scene: haze, colours, lens and sensor. uint8 [H, W, 3]."""
    width, height = canvas.size
    grain = np.zeros(256, np.float32)
    grain[list(GRAIN)] = list(GRAIN.values())
    leaves = cloud_noise(rng, height, width, width // 3) + 0.5 * cloud_noise(rng, height, width, width // 9)
    picture = canvas.image * (1 + style.texture * grain[canvas.ids] * leaves)[..., None]
    picture = add_haze(picture, canvas.inverse_depth, canvas.ids == 23, style)
    picture = develop(picture, style, rng)
    if style.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), style.blur * width / 512)
    picture += style.noise * rng.standard_normal(picture.shape, np.float32)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def add_haze(picture: np.ndarray, inverse_depth: np.ndarray, sky: np.ndarray, style: Style) -> np.ndarray:
    """Mixes in the fog colour, the more the farther away: float32 [H, W, 3]."""
    seen = np.exp(-style.fog_density / np.maximum(inverse_depth, 1e-3))
    seen[sky] = 1 - style.sky_haze
    fog = np.float32(style.fog)
    return fog + (picture - fog) * seen[..., None]


def develop(picture: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Exposure, white balance, colour matrix, gamma and vignette: float32 [H, W, 3]."""
    height, width = picture.shape[:2]
    gain = style.exposure * np.exp(rng.normal(0, style.exposure_jitter)) * np.exp(rng.normal(0, style.tint_jitter, 3))
    matrix = (np.array(style.colour_matrix) * gain[:, None]).astype(np.float32)
    picture = cv2.transform(np.clip(picture, 0, 255).astype(np.float32), matrix)
    if style.gamma != 1:
        picture = 255 * cv2.pow(np.clip(picture, 0, 255) / 255, style.gamma)
    if style.vignette:
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        picture = picture * (1 - style.vignette * (x**2 + y**2) / 2).astype(np.float32)[..., None]
    return picture
