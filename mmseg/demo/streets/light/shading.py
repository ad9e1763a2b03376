"""The light that comes from every pixel: colour, noise, sun and shadow, sky, mirrored surroundings, haze.

Light is linear; what the sky gives a white face that sees all of it is about 1. Letters: (H, W) image, N pixels that see a face.
"""

from __future__ import annotations

import cv2
import numpy as np

from mmseg.demo.streets.conditions import Weather
from mmseg.demo.streets.light.shadows import skylight, sunlit
from mmseg.demo.streets.light.sky import Sky, Surroundings
from mmseg.demo.streets.noise import Noise
from mmseg.demo.streets.space.model import Model
from mmseg.demo.streets.space.views import Camera
from mmseg.demo.streets.space.visibility import LYING, Buffers

GRAINS = (0.02, 0.07, 0.25, 0.9, 3.2)  # metres
DISPLAY = 2.2  # colours are as displayed; light is their power


def radiance(model: Model, buffers: Buffers, camera: Camera, weather: Weather, noise: Noise, rng: np.random.Generator) -> np.ndarray:
    """Linear light: float32 [H, W, 3]."""
    sky = Sky(weather, noise, rng)
    around = Surroundings(sky, rng)
    rays = camera.rays()
    length = np.sqrt((rays * rays).sum(-1, keepdims=True))
    out = np.empty(rays.shape, np.float32)
    nothing = buffers.face < 0
    out[nothing] = sky.light(rays[nothing] / length[nothing])
    seen = ~nothing
    out[seen] = _faces(model, buffers, camera, weather, noise, around, seen, rays[seen], length[seen])
    return out


def _faces(model, buffers, camera, weather, noise, around, seen, rays, length) -> np.ndarray:
    """Light of the pixels that see a face: [N, 3]."""
    face, across, near = buffers.face[seen], buffers.across[seen], buffers.nearness[seen]
    points = camera.position.astype(np.float32) + rays / near[:, None]
    to_camera = -rays / length
    surface = np.array(model.surface_of)[face]
    limb = np.array(model.round, bool)[face]
    normals = _normals(np.float32(model.normals)[face], limb, across, to_camera)
    footprint = _footprint(near, camera, normals, to_camera)
    albedo, gloss, glow = _material(model, face, surface, points, footprint, noise)
    leafy = np.array([s.leafy for s in model.surfaces])[surface]
    tone = np.where(leafy, across, 0)
    albedo *= np.exp(0.35 * tone)[:, None]
    shaded = np.float32(model.shades)[face]
    ambient = _ambient(model, seen, points, normals, around.mean, shaded)
    direct = _direct(model, points, normals, leafy, shaded, weather) if weather.sun_light > 0 else 0.0
    light = albedo * (ambient + direct) + glow
    mirror = gloss > 0.01
    light[mirror] = _mirrored(light[mirror], gloss[mirror], normals[mirror], to_camera[mirror], around, weather)
    haze = 1 - np.exp(-weather.haze * length[:, 0] / near)
    return light + (np.float32(0.9) * around.map[len(around.map) // 4, ::16].mean(0) - light) * haze[:, None]


def _normals(normals: np.ndarray, limb: np.ndarray, across: np.ndarray, to_camera: np.ndarray) -> np.ndarray:
    """Towards the camera; bent over round limbs."""
    turned = np.where(((normals * to_camera).sum(1) < 0)[:, None] & ~limb[:, None], -normals, normals)
    lying = across > LYING / 2
    bend = np.where(lying, across - LYING, across)[limb][:, None]
    flat = to_camera[limb] * np.float32((1, 0.3, 1))
    flat /= np.sqrt((flat * flat).sum(1, keepdims=True))
    right = np.stack([flat[:, 2], np.zeros(len(flat), np.float32), -flat[:, 0]], 1) * -1
    side = np.where(lying[limb][:, None], np.float32((0, 1, 0)), right)
    turned[limb] = flat * np.sqrt(np.clip(1 - bend * bend, 0, 1)) + side * bend
    return turned


def _footprint(near: np.ndarray, camera: Camera, normals: np.ndarray, to_camera: np.ndarray) -> np.ndarray:
    """Metres that a pixel covers, between its shorter and its longer side."""
    slant = np.clip(np.abs((normals * to_camera).sum(1)), 0.04, 1)
    return 1 / (near * camera.focal * np.sqrt(slant))


def _material(model: Model, face, surface, points, footprint, noise: Noise) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear colour [N, 3], gloss [N] and glow [N, 3]."""
    away = points - np.float32(model.origins)[face]
    u = (away * np.float32(model.tangents)[face]).sum(1)
    v = (away * np.float32(model.uprights)[face]).sum(1)
    colour = np.float32([s.colour for s in model.surfaces])[surface]
    gloss = np.float32([s.gloss for s in model.surfaces])[surface]
    order = np.argsort(surface, kind="stable")
    ends = np.searchsorted(surface[order], np.arange(len(model.surfaces) + 1))
    for number, material in enumerate(model.surfaces):
        chosen = order[ends[number] : ends[number + 1]]
        if material.sample is not None and len(chosen):
            colour[chosen], gloss[chosen] = material.sample(u[chosen], v[chosen], footprint[chosen])
    grain = np.float32([s.grain for s in model.surfaces])[surface]
    shift = (face % 97).astype(np.float32) * 1.37
    speckle = noise.fractal(u + shift, v + shift, footprint, GRAINS)
    albedo = cv2.pow(np.clip(colour, 0, 1), DISPLAY) * np.exp(np.clip(0.075 * grain * speckle, -0.9, 0.9))[:, None]
    glow = np.float32([s.glow for s in model.surfaces])[surface]
    return albedo, gloss, glow[:, None] * albedo


def _ambient(model: Model, seen: np.ndarray, points: np.ndarray, normals: np.ndarray, sky: np.ndarray, shaded: np.ndarray) -> np.ndarray:
    """Light of the sky and what the ground throws back: [N, 3]. How much sky is seen is looked up for a quarter of the pixels."""
    grid = np.zeros((*seen.shape, 3), np.float32)
    grid[seen] = points + 0.12 * normals
    coarse = grid[::2, ::2]
    found = skylight(model, coarse.reshape(-1, 3)).reshape(coarse.shape[:2])
    found = cv2.resize(found, seen.shape[::-1], interpolation=cv2.INTER_LINEAR)[seen]
    open_sky = (0.22 + 0.78 * found) * shaded
    facing = 0.78 + 0.22 * normals[:, 1]
    bounce = np.float32((0.22, 0.21, 0.19)) * (0.35 + 0.65 * shaded * np.sqrt(found))[:, None] * (1 - 0.4 * normals[:, 1:2])
    return sky * (open_sky * facing)[:, None] + sky * bounce


def _direct(model: Model, points, normals, leafy, shaded, weather: Weather) -> np.ndarray:
    """Light of the sun: [N, 3]."""
    sun = np.float32(weather.sun)
    angle = normals @ sun
    soft = np.where(leafy, 0.3 + 0.55 * angle + 0.15 * np.abs(angle), angle)
    lit = sunlit(model, weather.sun, points + 0.05 * normals, np.where(leafy, 0.4, 0.09).astype(np.float32))
    strength = np.clip(soft, 0, 1) * lit * np.where(leafy, 0.35 + 0.65 * shaded, 1)
    return strength[:, None] * np.float32(weather.sun_colour) * np.float32(weather.sun_light)


def _mirrored(light, gloss, normals, to_camera, around: Surroundings, weather: Weather) -> np.ndarray:
    """Adds what a smooth face mirrors (Schlick's approximation of Fresnel's law), and the sun in it."""
    cosine = np.clip((normals * to_camera).sum(1), 0, 1)
    share = gloss * (0.07 + 0.93 * (1 - cosine) ** 5)
    back = 2 * cosine[:, None] * normals - to_camera
    glint = np.clip(back @ np.float32(weather.sun), 0, 1) ** 90 * weather.sun_light * 2
    mirrored = around.light(back) + glint[:, None] * np.float32(weather.sun_colour)
    return light * (1 - share)[:, None] + mirrored * share[:, None]
