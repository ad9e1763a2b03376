"""What every scene draws for itself: the camera, the weather and the light, and what the camera makes of them.

Wide distributions in the sense of domain randomisation (Tobin et al., IROS 2017; Tremblay et al., CVPR workshops 2018): a real street is
meant to look like one more draw. Lengths are metres, angles are radians.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mmseg.demo.streets.space.views import Camera

EYE = (1.1, 1.8)
FOCAL = (0.82, 1.3)  # in widths of the image
HORIZON = (0.38, 0.6)  # in heights of the image
WIDEST_YAW = 0.6  # while turning
WEATHERS = {"sunny": 0.34, "hazy": 0.16, "low sun": 0.14, "overcast": 0.24, "after rain": 0.12}
"""Shares of the weathers."""


@dataclass(frozen=True)
class Weather:
    """Weather and light.

    Attributes:
        name: of :data:`WEATHERS`.
        sun: unit vector towards it.
        sun_light, sun_colour: light on a face that looks at the sun, as a multiple of the light of the sky, and its colour.
        cover: share of the sky that is clouds.
        haze: per metre.
        wet: 0 dry to 1.
    """

    name: str
    sun: tuple[float, float, float]
    sun_light: float
    sun_colour: tuple[float, float, float]
    cover: float
    haze: float
    wet: float


@dataclass(frozen=True)
class Photography:
    """The camera's ways.

    Attributes:
        exposure: of the mean of the picture, relative to the usual one.
        gamma, contrast, saturation: of the tone curve; 1 is usual.
        white: gains of red, green, blue.
        black: veil of the windscreen, as a share of the mean light.
        bloom: share of light that spreads.
        vignette: darkening at the corners.
        blur: standard deviation in pixels.
        motion: pixels of horizontal motion blur.
        sharpening: strength of the camera's sharpening.
        noise: standard deviation at middle grey, in grey levels.
        quality: of JPEG; 0 leaves it out.
    """

    exposure: float
    gamma: float
    contrast: float
    saturation: float
    white: tuple[float, float, float]
    black: float
    bloom: float
    vignette: float
    blur: float
    motion: float
    sharpening: float
    noise: float
    quality: int


def draw_camera(rng: np.random.Generator, width: int, height: int) -> Camera:
    """A camera behind a windscreen."""
    focal = width * rng.uniform(*FOCAL)
    horizon = float(np.clip(rng.normal(0.48, 0.05), *HORIZON))
    return Camera(
        width=width,
        height=height,
        focal=focal,
        eye=rng.uniform(*EYE),
        offset=float(np.clip(rng.normal(0, 0.35), -0.8, 0.8)),
        yaw=rng.uniform(-WIDEST_YAW, WIDEST_YAW) if rng.random() < 0.15 else float(np.clip(rng.normal(0, 0.12), -0.35, 0.35)),
        pitch=math.atan((0.5 - horizon) * height / focal),
        roll=float(np.clip(rng.normal(0, 0.008), -0.03, 0.03)),
    )


def draw_weather(rng: np.random.Generator) -> Weather:
    """One of the weathers."""
    name = str(rng.choice(list(WEATHERS), p=list(WEATHERS.values())))
    low = name == "low sun"
    elevation = rng.uniform(0.12, 0.35) if low else rng.uniform(0.4, 1.1)
    azimuth = rng.uniform(0, 2 * math.pi)
    sun = (math.sin(azimuth) * math.cos(elevation), math.sin(elevation), math.cos(azimuth) * math.cos(elevation))
    light = {"sunny": (3.5, 7.0), "hazy": (1.2, 3.0), "low sun": (2.5, 6.0), "overcast": (0.0, 0.0), "after rain": (0.0, 1.5)}[name]
    cover = {"sunny": (0.0, 0.55), "hazy": (0.2, 0.8), "low sun": (0.0, 0.6), "overcast": (0.9, 1.0), "after rain": (0.7, 1.0)}[name]
    haze = {"hazy": (0.003, 0.012), "after rain": (0.001, 0.006), "overcast": (0.0005, 0.005)}.get(name, (0.0002, 0.002))
    warmth = rng.uniform(0.25, 0.6) if low else rng.uniform(0.02, 0.2)
    return Weather(
        name=name,
        sun=sun,
        sun_light=rng.uniform(*light),
        sun_colour=(1.0, 1 - 0.45 * warmth, 1 - warmth),
        cover=rng.uniform(*cover),
        haze=math.exp(rng.uniform(math.log(haze[0]), math.log(haze[1]))),
        wet=rng.uniform(0.4, 1.0) if name == "after rain" else 0.0,
    )


def draw_photography(rng: np.random.Generator) -> Photography:
    """The ways of one camera on one day."""
    warmth, green = rng.normal(0, 0.07), rng.normal(0, 0.025)
    return Photography(
        exposure=math.exp(rng.normal(0, 0.3)),
        gamma=math.exp(rng.normal(0, 0.13)),
        contrast=rng.uniform(0.0, 1.0),
        saturation=rng.uniform(0.45, 1.2),
        white=(math.exp(warmth), math.exp(green), math.exp(-warmth)),
        black=rng.uniform(0.0, 0.09) * (rng.random() < 0.7),
        bloom=rng.uniform(0.0, 0.12),
        vignette=rng.uniform(0.0, 0.4),
        blur=rng.uniform(0.2, 0.9),
        motion=rng.uniform(0.5, 2.0) if rng.random() < 0.2 else 0.0,
        sharpening=rng.uniform(0.0, 0.9),
        noise=rng.uniform(0.4, 3.5) if rng.random() < 0.85 else rng.uniform(3.5, 8.0),
        quality=int(rng.integers(55, 97)) if rng.random() < 0.8 else 0,
    )
