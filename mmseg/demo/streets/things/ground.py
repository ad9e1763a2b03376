"""Road with its markings, cracks and puddles; kerbs, pavements, verges and what lies beyond.

Letters: N points.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.noise import Noise
from mmseg.demo.streets.space.model import Model, Sampler, Surface
from mmseg.demo.streets.street import END, KERB, LANE, START, Street
from mmseg.demo.streets.texture import Drawing
from mmseg.demo.streets.things.markings import markings

ROAD, PAVEMENT, TERRAIN, KERB_LABEL = 7, 8, 22, 8
BEYOND = 500.0  # metres to where the ground ends
FLAT = {"origin": (0.0, 0.0, 0.0), "tangent": (1.0, 0.0, 0.0), "upright": (0.0, 0.0, 1.0), "casts": False}


def add_ground(model: Model, street: Street, noise: Noise, wet: float, rng: np.random.Generator) -> None:
    """All that lies on the ground."""
    grassy = rng.random() < 0.5
    beyond = (
        Surface(TERRAIN, sample=grass(noise, rng), grain=1.0) if grassy else Surface(PAVEMENT, sample=asphalt(noise, rng, wet), grain=0.3)
    )
    edge = [(-BEYOND, -0.03, -5), (BEYOND, -0.03, -5), (BEYOND, -0.03, BEYOND), (-BEYOND, -0.03, BEYOND)]
    model.polygon(edge, beyond, **FLAT)
    road = Surface(ROAD, sample=road_sampler(street, noise, wet, rng), grain=0.3)
    left, right = -street.sides[-1].road, street.sides[1].road
    _strip(model, street, left, right, 0.0, road, (START, 400.0))
    if street.crossing:
        a, b = street.crossing
        at = street.frame(0, (a + b) / 2)
        half = (b - a) / 2
        corners = at.at([(-80, 0.002, -half), (80, 0.002, -half), (80, 0.002, half), (-80, 0.002, half)])
        model.polygon(corners, road, **FLAT)
    pavement = Surface(PAVEMENT, sample=paving(noise, street, wet, rng), grain=0.4)
    kerb = Surface(KERB_LABEL, colours.hsv(rng, (0.05, 0.14), (0, 0.12), (0.42, 0.72)), grain=0.8)
    verge = Surface(TERRAIN, sample=grass(noise, rng))
    for which, side in street.sides.items():
        yard = Surface(TERRAIN, sample=grass(noise, rng)) if rng.random() < 0.6 else pavement
        for start, end in stretches(street):
            for inner, outer, surface in (
                (side.road, side.road + 0.15, kerb),
                (side.road + 0.15, side.verge, verge),
                (max(side.verge, side.road + 0.15), side.pavement, pavement),
                (side.pavement, side.front + 6, yard),
            ):
                if outer > inner:
                    _strip(model, street, which * inner, which * outer, KERB, surface, (start, end))
            _kerb_face(model, street, which * side.road, kerb, (start, end))


def stretches(street: Street) -> list[tuple[float, float]]:
    """Where there is pavement: all of the street but its side street."""
    if street.crossing is None:
        return [(START, END + 100)]
    return [(START, street.crossing[0]), (street.crossing[1], END + 100)]


def _steps(extent: tuple[float, float]) -> np.ndarray:
    """Stations along the street, closer together near the camera."""
    start, end = extent
    stations = np.array([-4, 2, 8, 16, 26, 38, 52, 70, 95, 130, 180, 250, 400], float)
    return np.array([start, *stations[(stations > start) & (stations < end)], end])


def _strip(model: Model, street: Street, t0: float, t1: float, y: float, surface: Surface, extent: tuple[float, float]) -> None:
    steps = _steps(extent)
    for a, b in pairwise(steps):
        corners = [street.frame(t, s, y=y) for t, s in ((t0, a), (t1, a), (t1, b), (t0, b))]
        model.polygon([(c.x, c.y, c.z) for c in corners], surface, **FLAT)


def _kerb_face(model: Model, street: Street, t: float, surface: Surface, extent: tuple[float, float]) -> None:
    steps = _steps(extent)
    for a, b in pairwise(steps):
        low, high = street.frame(t, a), street.frame(t, b)
        model.polygon([(low.x, 0, low.z), (high.x, 0, high.z), (high.x, KERB, high.z), (low.x, KERB, low.z)], surface, casts=False)


def asphalt(noise: Noise, rng: np.random.Generator, wet: float) -> Sampler:
    """Grains, patches, cracks, and water where it stands."""
    base = np.float32(colours.asphalt(rng))
    cracked, patched, speckled = rng.uniform(0.05, 0.4) * (rng.random() < 0.4), rng.uniform(0.01, 0.07), rng.uniform(0.015, 0.055)
    width = rng.uniform(0.015, 0.05)

    def sample(x: np.ndarray, z: np.ndarray, footprint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        near = np.clip(0.05 / footprint, 0, 1)
        tone = patched * (noise.at(x, z, 5.0) + 0.6 * noise.at(x, z, (1.2, 14.0)))
        tone += speckled * noise.fractal(x, z, footprint, (0.018, 0.05))
        line = np.abs(noise.at(x + 31, z, 1.7) + 0.35 * noise.at(x, z + 11, 0.4))
        tone -= cracked * near * np.clip(1 - line / width, 0, 1) * (noise.at(x, z, 7.0) > 0.2)
        level = noise.at(x + 5, z + 5, (2.5, 5.0))
        water = wet * np.clip(level * 1.5 + 2 * wet - 0.9, 0, 1)
        colour = base * np.exp(tone - 0.5 * wet * (0.5 + 0.5 * water))[:, None]
        return colour, 0.08 * wet + 0.3 * water * wet

    return sample


def road_sampler(street: Street, noise: Noise, wet: float, rng: np.random.Generator) -> Sampler:
    """Asphalt with markings, wheel tracks, a gutter, patches of other asphalt and covers of manholes."""
    base, paint = asphalt(noise, rng, wet), markings(street, noise, rng)
    tracks, gutter = rng.uniform(-0.08, 0.12), rng.uniform(0.05, 0.35)
    patches = _patches(street, rng)
    covers = [(rng.uniform(-4, 4), rng.uniform(3, 40), rng.uniform(0.25, 0.4), rng.uniform(0.5, 1.3)) for _ in range(rng.poisson(4))]

    def sample(x: np.ndarray, z: np.ndarray, footprint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        colour, gloss = base(x, z, footprint)
        t, s = street.locate(x, z)
        place = np.mod(t + LANE / 2, LANE) - LANE / 2
        tone = -tracks * np.exp(-(((np.abs(place) - 0.75) / 0.3) ** 2)) - 0.5 * abs(tracks) * np.exp(-((place / 0.35) ** 2))
        for which, side in street.sides.items():
            tone -= gutter * np.exp(-np.clip(side.road - which * t, 0, None) / 0.18)
        for t0, t1, s0, s1, factor in patches:
            tone += factor * ((t > t0) & (t < t1) & (s > s0) & (s < s1))
        for ct, cs, radius, factor in covers:
            off = np.hypot(t - ct, s - cs)
            tone += np.log(factor) * np.clip((radius - off) / footprint + 0.5, 0, 1) - 0.5 * np.clip(1 - np.abs(off - radius) / 0.03, 0, 1)
        colour = colour * np.exp(tone)[:, None]
        return paint(colour, t, s, footprint), gloss

    return sample


def _patches(street: Street, rng: np.random.Generator) -> list[tuple[float, float, float, float, float]]:
    """Rectangles of newer or older asphalt: trenches along and across the street."""
    found = []
    for _ in range(rng.poisson(2.5)):
        t0, s0 = rng.uniform(-street.sides[-1].road, street.sides[1].road), rng.uniform(2, 40)
        wide, long = (rng.uniform(0.5, 1.2), rng.uniform(4, 40)) if rng.random() < 0.5 else (rng.uniform(2, 9), rng.uniform(0.6, 3))
        found.append((t0, t0 + wide, s0, s0 + long, rng.normal(0, 0.16)))
    return found


def grass(noise: Noise, rng: np.random.Generator) -> Sampler:
    """Blades, tufts, bare and dry spots, fallen leaves."""
    base, dry = np.float32(colours.grass(rng)), np.float32(colours.hsv(rng, (0.08, 0.16), (0.2, 0.5), (0.35, 0.6)))
    leaves = np.float32(colours.hsv(rng, (0.03, 0.12), (0.4, 0.7), (0.3, 0.65)))
    share, fallen = rng.uniform(-1.2, 0.6), rng.uniform(1.4, 4.0)

    def sample(x: np.ndarray, z: np.ndarray, footprint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spots = np.clip(noise.at(x, z, 3.0) + 0.6 * noise.at(x, z, 0.7) + share, 0, 1)[:, None]
        colour = base + (dry - base) * spots
        colour = colour * np.exp(0.16 * noise.fractal(x, z, footprint, (0.02, 0.05, 0.15, 0.6)))[:, None]
        fleck = np.clip(noise.at(x + 3, z + 9, 0.14) - fallen, 0, 1)[:, None]
        return colour + (leaves - colour) * np.minimum(3 * fleck, 1), np.zeros(len(x), np.float32)

    return sample


def paving(noise: Noise, street: Street, wet: float, rng: np.random.Generator) -> Sampler:
    """Slabs, small blocks, or asphalt."""
    if rng.random() < 0.35:
        return asphalt(noise, rng, wet)
    colour = colours.paving(rng)
    long, wide = ((rng.uniform(0.5, 0.95), rng.uniform(0.45, 0.65)), (0.21, 0.11))[int(rng.random() < 0.35)]
    drawing = Drawing(long * 12, wide * 12, colour, density=60)
    drawing.bricks(rng, colour, colours.tinted(colour, rng.uniform(0.5, 0.85)), long, wide, rng.uniform(0.02, 0.09))
    texture = drawing.texture(repeats=True)
    stains = rng.uniform(0.03, 0.12)

    def sample(x: np.ndarray, z: np.ndarray, footprint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        t, s = street.locate(x, z)
        found, gloss = texture(t, s, footprint)
        tone = stains * (noise.at(x, z, 2.3) + 0.7 * noise.at(x, z, 0.5)) - 0.6 * wet
        spots = np.clip(noise.at(x, z, 0.11) - 2.2, 0, 0.6) * np.clip(0.08 / footprint, 0, 1)
        return found * np.exp(tone - spots)[:, None], gloss + 0.3 * wet

    return sample
