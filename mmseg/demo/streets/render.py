"""Renders one street for training towards photographs: what (seed, index) stand for.

The scene is built in space, looked at with twice the pixels along each side, lit, and photographed. Letters: (H, W) image.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.datasets.classes.names import train_id_lut
from mmseg.demo.scene import Scene
from mmseg.demo.streets.conditions import draw_camera, draw_photography, draw_weather
from mmseg.demo.streets.frontage import add_frontages
from mmseg.demo.streets.light.photograph import photograph
from mmseg.demo.streets.light.shading import radiance
from mmseg.demo.streets.noise import Noise
from mmseg.demo.streets.population import add_population
from mmseg.demo.streets.space.model import Model
from mmseg.demo.streets.space.views import Camera
from mmseg.demo.streets.space.visibility import Buffers, covered, look
from mmseg.demo.streets.street import draw_street
from mmseg.demo.streets.things.ground import add_ground
from mmseg.demo.streets.things.plants import draw_species
from mmseg.utils.randomness import Streams

STREETS_DRAWING = 1  # to be raised when anything here is drawn otherwise, so that scenes of before are noticed
SKY, VEGETATION = 23, 21


def render_street(seed: int, index: int, size: tuple[int, int] = (480, 360)) -> Scene:
    """Renders the scene ``index``; the same arguments give the same scene.

    Args:
        size: (width, height) in pixels.
    """
    streams = Streams(seed, index)
    camera = draw_camera(streams.numpy("streets/camera"), 2 * size[0], 2 * size[1])
    weather = draw_weather(streams.numpy("streets/weather"))
    noise = Noise(streams.numpy("streets/noise"))
    model = build(streams, noise, weather.wet)
    buffers = look(model, camera)
    light = radiance(model, buffers, camera, weather, noise, streams.numpy("streets/sky"))
    image = photograph(light, draw_photography(streams.numpy("streets/photography")), streams.numpy("streets/sensor"))
    ids = majority(label_ids(model, buffers, camera))
    return Scene(image, train_id_lut()[ids], ids, np.ascontiguousarray(buffers.nearness[::2, ::2]))


def build(streams: Streams, noise: Noise, wet: float) -> Model:
    """The street in space."""
    model = Model()
    layout = streams.numpy("streets/layout")
    street = draw_street(layout)
    species = draw_species(layout)
    add_ground(model, street, noise, wet, streams.numpy("streets/ground"))
    add_frontages(model, street, species, streams.numpy("streets/frontage"))
    add_population(model, street, species, streams.numpy("streets/population"))
    return model


def label_ids(model: Model, buffers: Buffers, camera: Camera) -> np.ndarray:
    """Raw ids as people draw them: what one sees through belongs to the thing, and small gaps in a crown to the tree. uint8 [H, W]."""
    label = np.array([surface.label for surface in model.surfaces], np.uint8)[np.array(model.surface_of)]
    ids = np.where(buffers.face >= 0, label[np.maximum(buffers.face, 0)], np.uint8(SKY))
    for area, mask, value in covered(model, camera, buffers.nearness):
        ids[area][mask] = value
    reach = max(round(camera.width / 160), 1)
    closed = cv2.morphologyEx((ids == VEGETATION).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    ids[(closed > 0) & (ids == SKY)] = VEGETATION
    return ids


def majority(ids: np.ndarray) -> np.ndarray:
    """The label that most of four pixels have, the first one where they disagree: [2H, 2W] -> [H, W]."""
    a, b, c, d = ids[::2, ::2], ids[::2, 1::2], ids[1::2, ::2], ids[1::2, 1::2]
    others = np.where((b == c) | (b == d), b, np.where(c == d, c, a))
    return np.where((a == b) | (a == c) | (a == d), a, others)
