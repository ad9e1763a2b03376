"""Cars, trucks, buses and trains. Trucks, buses and trains share their shape and colours in the distance."""

from __future__ import annotations

import numpy as np

from mmseg.demo.painting.canvas import shade
from mmseg.demo.painting.solids import Pose, box, rectangle
from mmseg.demo.styles import Palette

TYRE, RED, WHITE, GLASS_DARK = (24, 24, 26), (176, 34, 30), (238, 236, 220), 0.72
CAR, TRUCK, BUS, TRAIN = 26, 27, 28, 31


def paint_car(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A saloon, a hatchback or a van."""
    half, length, height = pose.thing.width / 2, pose.thing.length, pose.thing.height
    rear, front, belt = -length / 2, length / 2, 0.62 * height
    colour = shade(palette.car[rng.integers(len(palette.car))], rng.uniform(0.85, 1.15))
    glass = shade(palette.window, GLASS_DARK)
    boot, bonnet, slope = ((0.75, 1.1, 0.55), (0.12, 1.15, 0.35), (0.05, 0.8, 0.5))[rng.integers(3)]
    top = height * (1.22 if bonnet < 1 else 1.0)
    _axles(pose, half, (-0.31 * length, 0.31 * length), 0.32)
    pose.prism(box(length * 0.9, 0.18, 0.4), half * 0.94, (30, 30, 32))
    pose.prism(
        [(rear, 0.32), (front, 0.32), (front, belt * 0.8), (front - 0.25, belt), (rear + 0.1, belt), (rear, belt * 0.9)], half, colour
    )
    cabin = [(rear + boot, belt), (front - bonnet, belt), (front - bonnet - slope, top), (rear + boot + slope * 0.6, top)]
    pose.prism(cabin, half * 0.96, colour, ends=glass, taper=0.16)
    _car_windows(pose, cabin, half, glass, colour)
    _wheels(pose, half, (-0.31 * length, 0.31 * length), 0.32)
    _lights(pose, half, rear, front, belt * 0.62, belt * 0.86)
    pose.end(rectangle(-0.25, 0.25, belt * 0.55, belt * 0.68), rear - 0.01, WHITE)
    pose.end(rectangle(-half * 0.6, half * 0.6, 0.36, belt * 0.55), front + 0.01, (34, 34, 36))


def paint_truck(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A cab in front of a plain box."""
    half, length, height = pose.thing.width / 2, pose.thing.length, pose.thing.height
    rear, front = -length / 2, length / 2
    cargo = shade(palette.truck[rng.integers(len(palette.truck))], rng.uniform(0.85, 1.1))
    cab = shade(palette.truck[rng.integers(len(palette.truck))], rng.uniform(0.7, 1.0))
    glass = shade(palette.window, GLASS_DARK)
    axles = (-0.36 * length, -0.2 * length, 0.37 * length)
    _axles(pose, half, axles, 0.48)
    pose.prism(box(length * 0.96, 0.45, 0.95), half * 0.8, (40, 40, 42))

    def load() -> None:
        pose.prism(box(length - 2.3, 0.9, height, -1.15), half, cargo)
        pose.side(rectangle(rear + 0.2, front - 2.5, height - 0.25, height - 0.12), half, shade(cargo, 0.8))
        pose.end(rectangle(-0.03, 0.03, 1.0, height - 0.1), rear - 0.01, shade(cargo, 0.6))

    def cabin() -> None:
        pose.prism(box(2.1, 0.45, height * 0.84, front - 1.05), half * 0.97, cab)
        pose.end(rectangle(-half * 0.86, half * 0.86, height * 0.48, height * 0.76), front + 0.01, glass)
        pose.side(rectangle(front - 1.3, front - 0.2, height * 0.5, height * 0.74), half * 0.98, glass)

    for part in (load, cabin) if _seen_from_front(pose) else (cabin, load):
        part()
    _wheels(pose, half, axles, 0.48)
    _lights(pose, half, rear, front, 0.6, 0.85)


def paint_bus(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """One block with a band of windows."""
    half, length, height = pose.thing.width / 2, pose.thing.length, pose.thing.height
    rear, front = -length / 2, length / 2
    colour = shade(palette.bus[rng.integers(len(palette.bus))], rng.uniform(0.88, 1.1))
    glass = shade(palette.window, GLASS_DARK)
    axles = (-0.28 * length, 0.3 * length)
    _axles(pose, half, axles, 0.48)
    pose.prism(box(length, 0.32, height), half, colour)
    for left in np.arange(rear + 0.3, front - 1.2, 1.5):
        pose.side(rectangle(left, left + 1.3, height * 0.45, height * 0.82), half, glass)
    pose.side(rectangle(rear, front, 0.34, 0.55), half, shade(colour, 0.6))
    pose.end(rectangle(-half * 0.9, half * 0.9, height * 0.36, height * 0.8), front + 0.01, glass)
    pose.end(rectangle(-half * 0.6, half * 0.6, height * 0.84, height * 0.95), front + 0.01, (230, 170, 50))
    pose.end(rectangle(-half * 0.8, half * 0.8, height * 0.52, height * 0.82), rear - 0.01, glass)
    _wheels(pose, half, axles, 0.48)
    _lights(pose, half, rear, front, 0.6, 0.9)


def paint_train(pose: Pose, palette: Palette, rng: np.random.Generator) -> None:
    """A long tram with slanted noses, a skirt down to the rails, a stripe and a pantograph."""
    half, length, height = pose.thing.width / 2, pose.thing.length, pose.thing.height
    rear, front = -length / 2, length / 2
    colour = shade(palette.train[rng.integers(len(palette.train))], rng.uniform(0.88, 1.1))
    stripe = shade(palette.train[rng.integers(len(palette.train))], 0.7)
    glass = shade(palette.window, GLASS_DARK * 0.9)
    nose = 0.7
    middle = height * 0.45
    profile = [(rear, 0.18), (front, 0.18), (front, middle), (front - nose, height), (rear + nose, height), (rear, middle)]
    pose.prism(profile, half, colour)
    pose.side(rectangle(rear + 1.2, front - 1.2, height * 0.48, height * 0.8), half, glass)
    pose.side(rectangle(rear + 0.1, front - 0.1, height * 0.3, height * 0.4), half, stripe)
    for door in np.arange(rear + 3.5, front - 3, 5.2):
        pose.side(rectangle(door, door + 1.4, 0.3, height * 0.85), half, shade(stripe, 0.9))
    for at in (front, rear):
        lean = nose * (0.8 if at > 0 else -0.8)
        outline = [(-half * 0.85, middle, at), (half * 0.85, middle, at)]
        outline += [(half * 0.75, height * 0.9, at - lean), (-half * 0.75, height * 0.9, at - lean)]
        pose.face(outline, (0, 0.3, np.sign(at)), glass, labelled=False)
        pose.end(rectangle(-half, half, height * 0.3, height * 0.4), at * 1.001, stripe)
    pose.line([(0, height, 0), (0, height + 0.5, 0.7), (0, height + 0.9, 0)], 0.08, (60, 60, 62))
    _lights(pose, half, rear, front, 0.75, 0.95)


def _seen_from_front(pose: Pose) -> bool:
    return pose.faces_camera([(0, 1.0, pose.thing.length / 2 - 2.2)], (0, 0, 1))


def _axles(pose: Pose, half: float, positions, radius: float) -> None:
    """Tyres as seen from the front or the rear, under the body."""
    for w in positions:
        for u in (-half + 0.14, half - 0.14):
            pose.canvas.polygon(
                pose.pixels([(u + d, v, w) for d, v in rectangle(-0.13, 0.13, 0, 2 * radius)]), TYRE, pose.label, pose.inverse_depth
            )


def _wheels(pose: Pose, half: float, positions, radius: float) -> None:
    """Wheels on the long side that is seen."""
    for sign in (-1, 1):
        if pose.faces_camera([(sign * half, 0.5, 0)], (sign, 0, 0)):
            for w in positions:
                pose.wheel(sign * half, w, radius, TYRE, filled=True)
                hub = [(sign * half, radius + 0.55 * radius * np.sin(a), w + 0.55 * radius * np.cos(a)) for a in np.linspace(0, 6, 8)]
                pose.canvas.polygon(pose.pixels(hub), (112, 114, 118))


def _lights(pose: Pose, half: float, rear: float, front: float, bottom: float, top: float) -> None:
    for sign in (-1, 1):
        left, right = sorted((sign * half * 0.66, sign * half * 0.98))
        pose.end(rectangle(left, right, bottom, top), rear - 0.01, RED)
        pose.end(rectangle(left, right, bottom, top), front + 0.01, WHITE)


def _car_windows(pose: Pose, cabin, half: float, glass, colour) -> None:
    (rear, belt), (front, _), (front_top, top), (rear_top, _) = cabin
    low, high = belt + 0.03, top - 0.1
    inset = half * 0.96 - 0.08
    outline = [(rear + 0.12, low), (front - 0.1, low), (front_top - 0.08, high), (rear_top + 0.12, high)]
    pose.side(outline, inset, glass)
    pillar = (rear + front) / 2
    pose.side(rectangle(pillar - 0.05, pillar + 0.05, low, high), inset, colour)
