"""The sky as a function of direction, and the surroundings that smooth things mirror.

Light is linear; the mean of the sky is about 1. Letters: N directions, (h, w) the map of the surroundings.
"""

from __future__ import annotations

import numpy as np

from mmseg.demo.streets.conditions import Weather
from mmseg.demo.streets.noise import Noise, lookup

LOWEST, HIGHEST = -0.35, 1.55  # elevations of the map, in radians


class Sky:
    """A gradient, the glow of the sun, and clouds of one of several kinds on a plane high above."""

    def __init__(self, weather: Weather, noise: Noise, rng: np.random.Generator) -> None:
        self.weather, self.noise = weather, noise
        depth = rng.uniform(0.3, 1.0)
        self.zenith = np.float32((0.28, 0.45, 0.85)) * rng.uniform(0.5, 0.9) * depth + np.float32((0.6, 0.62, 0.66)) * (1 - depth)
        self.horizon = np.float32((0.95, 1.0, 1.08)) * rng.uniform(0.9, 1.5)
        self.grey = np.float32((0.97, 1.0, 1.04)) * rng.uniform(0.75, 1.25)
        self.size = np.exp(rng.uniform(np.log(0.5), np.log(3.0)))  # of the clouds
        self.stretch = rng.uniform(0.65, 1.3)
        self.softness = rng.uniform(0.25, 1.6)
        self.white = rng.uniform(1.1, 2.2)
        self.shift = rng.uniform(0, 50, 2).astype(np.float32)

    def light(self, directions: np.ndarray) -> np.ndarray:
        """Radiance of the sky in unit directions [N, 3]: float32 [N, 3]."""
        up = np.clip(directions[:, 1], 0.0, 1.0)
        low = np.exp(-4.5 * up)[:, None]
        clear = self.zenith + (self.horizon - self.zenith) * low
        near = np.clip(directions @ np.float32(self.weather.sun), 0, 1)
        glow = 0.25 * near**6 + 1.2 * near**60 + 12 * near**1500
        sun = np.float32(self.weather.sun_colour) * min(self.weather.sun_light / 4, 1.2)
        clear = clear + glow[:, None] * sun
        thick, lit = self._clouds(directions, up)
        bright = self.grey if self.weather.cover > 0.85 else np.float32([self.white] * 3) * (0.4 + 0.6 * sun / max(sun.max(), 0.1))
        clouds = bright * (0.72 + 0.28 * lit)[:, None] + 0.35 * (glow * (1 - thick))[:, None] * sun
        hazy = thick * np.clip(up * 14, 0.15, 1)
        return (clear + (clouds - clear) * hazy[:, None]).astype(np.float32)

    def _clouds(self, directions: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Thickness in [0, 1] and brightness in about [-1, 1]: [N] each."""
        plane = 1 / (up + 0.12) / self.size
        u, v = directions[:, 0] * plane * 3 + self.shift[0], directions[:, 2] * plane * 3 * self.stretch + self.shift[1]
        billows = sum(2.0**-k * self.noise.at(u, v, 2.4 * 0.45**k) for k in range(5)) / 1.3
        threshold = 1.9 - 3.8 * self.weather.cover
        thick = np.clip((billows - threshold) / self.softness + 0.3, 0, 1)
        return thick * thick * (3 - 2 * thick), np.clip(1 - 0.7 * billows - 0.4 * thick, -1, 1)


class Surroundings:
    """What mirrors show: the sky above a skyline of dark houses and trees."""

    def __init__(self, sky: Sky, rng: np.random.Generator, height: int = 128, width: int = 512) -> None:
        elevation = np.linspace(LOWEST, HIGHEST, height, dtype=np.float32)[:, None]
        azimuth = np.linspace(0, 2 * np.pi, width, endpoint=False, dtype=np.float32)[None]
        level = np.cos(elevation)
        directions = np.stack(np.broadcast_arrays(level * np.sin(azimuth), np.sin(elevation), level * np.cos(azimuth)), -1)
        light = sky.light(directions.reshape(-1, 3)).reshape(height, width, 3)
        sideways = np.abs(np.sin(azimuth[0])) ** 0.7
        steps = np.repeat(rng.uniform(0.5, 1.0, width // 4), 4)
        skyline = (0.06 + 0.5 * sideways) * steps
        tones = np.repeat(rng.uniform(0.08, 0.4, (width // 4, 1)) * rng.uniform(0.8, 1.2, (width // 4, 3)), 4, 0).astype(np.float32)
        houses = tones[None] * rng.uniform(0.6, 1.3, (height, width, 1)).astype(np.float32)
        below = np.float32((0.16, 0.16, 0.165)) * np.ones_like(light)
        light = np.where((elevation < skyline[None])[..., None], houses, light)
        self.map = np.where((elevation < 0)[..., None], below, light).astype(np.float32)
        upper = self.map[elevation[:, 0] > 0] * np.cos(elevation[elevation[:, 0] > 0])[..., None]
        self.mean = upper.sum((0, 1)) / (np.cos(elevation[elevation[:, 0] > 0]).sum() * width)

    def light(self, directions: np.ndarray) -> np.ndarray:
        """What comes from unit directions [N, 3]: float32 [N, 3]."""
        height, width = self.map.shape[:2]
        azimuth = np.arctan2(directions[:, 0], directions[:, 2])
        elevation = np.arcsin(np.clip(directions[:, 1], -1, 1))
        x = np.mod(azimuth / (2 * np.pi), 1) * (width - 1)
        return lookup(self.map, x, (elevation - LOWEST) / (HIGHEST - LOWEST) * (height - 1))
