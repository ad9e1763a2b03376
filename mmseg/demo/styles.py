"""The two domains as data: palette, lighting, camera and class frequencies. Tune the gap here.

Colours are RGB in [0, 255]; lengths are metres; expected counts are per scene.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

Colour = tuple[int, int, int]
Colours = tuple[Colour, ...]


@dataclass(frozen=True)
class Palette:
    """Colours of everything; a tuple of colours is drawn from at random, thing by thing."""

    road: Colour
    marking: Colour
    kerb: Colour
    sidewalk: Colour
    yard: Colour
    terrain: Colours
    building: Colours
    window: Colour
    wall: Colours
    fence: Colours
    pole: Colours
    foliage: Colours
    trunk: Colour
    sky: Colour  # zenith
    horizon: Colour
    cloud: Colour
    skin: Colours
    clothing: Colours
    car: Colours
    truck: Colours
    bus: Colours
    train: Colours
    cycle: Colours  # bicycles and motorcycles
    hood: Colour


@dataclass(frozen=True)
class Frequencies:
    """How often things occur."""

    frontage: tuple[float, float, float, float, float]  # weights of building, wall, fence, hedge, trees
    crossing: float  # chance of a cross street
    parking: float  # chance of a parking strip, per side
    parked: float  # share of its places that are taken
    verge: float  # chance of a grass strip, per side
    trees: float  # share of the places for street trees that are taken
    cars: float
    trucks: float
    buses: float
    trains: float  # chance of a tram line with a train on it
    persons: float
    riders: float  # on bicycles and motorcycles
    bicycles: float  # parked
    motorcycles: float  # parked
    lamps: float  # share of the places for street lamps that are taken
    lights: float
    signs: float
    bins: float  # things outside the 19 classes


@dataclass(frozen=True)
class Style:
    """One domain."""

    name: str
    palette: Palette
    frequencies: Frequencies
    texture: float  # strength of surface texture; 1 = contrast of about 10 %
    sun: float  # 0 overcast .. 1 hard shadows and lit facades
    eye: float  # camera height
    fog: Colour
    fog_density: float  # per metre
    sky_haze: float  # share of fog in the sky
    colour_matrix: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
    gamma: float
    exposure: float
    exposure_jitter: float  # standard deviation of the log exposure
    tint_jitter: float  # standard deviation of the log gain per channel
    vignette: float  # darkening at the corners
    blur: float  # standard deviation in pixels of a 512 pixel wide image
    noise: float  # standard deviation in grey levels
    hood: bool  # the bonnet of the own car is in view


def blend(a, b, share: float):
    """Mixes two colours, or equally long tuples of colours: 0 gives ``a``, 1 gives ``b``."""
    if isinstance(a, tuple):
        return tuple(blend(x, y, share) for x, y in zip(a, b, strict=True))
    return a + (b - a) * share if isinstance(a, float) or isinstance(b, float) else round(a + (b - a) * share)


def blend_palettes(a: Palette, b: Palette, share: float) -> Palette:
    """Mixes two palettes colour by colour: 0 gives ``a``, 1 gives ``b``."""
    return Palette(**{f.name: blend(getattr(a, f.name), getattr(b, f.name), share) for f in fields(Palette)})


STREET_PALETTE = Palette(
    road=(98, 98, 101),
    marking=(196, 196, 194),
    kerb=(142, 140, 136),
    sidewalk=(122, 118, 117),
    yard=(112, 110, 104),
    terrain=((98, 106, 72), (110, 108, 78), (88, 98, 66), (116, 106, 82)),
    building=((150, 140, 126), (172, 160, 144), (126, 112, 102), (184, 176, 166), (142, 118, 104), (118, 114, 114), (166, 150, 120)),
    window=(58, 64, 70),
    wall=((128, 122, 116), (140, 126, 112), (112, 110, 110), (132, 110, 98)),
    fence=((104, 92, 78), (88, 92, 92), (120, 112, 100), (72, 84, 76)),
    pole=((92, 94, 94), (112, 112, 110), (74, 80, 80)),
    foliage=((66, 84, 54), (78, 92, 58), (56, 74, 50), (88, 96, 62)),
    trunk=(72, 62, 54),
    sky=(186, 196, 204),
    horizon=(214, 216, 214),
    cloud=(226, 228, 228),
    skin=((206, 164, 140), (170, 124, 98), (112, 80, 64), (222, 184, 162)),
    clothing=((44, 46, 54), (70, 74, 90), (110, 100, 92), (140, 60, 56), (60, 84, 120), (176, 172, 166), (84, 92, 70), (36, 36, 38)),
    car=((40, 42, 46), (96, 100, 104), (166, 168, 170), (196, 196, 194), (58, 70, 96), (110, 44, 44), (70, 76, 70), (126, 120, 108)),
    truck=((190, 188, 182), (150, 146, 138), (70, 92, 128), (160, 134, 70), (108, 112, 112)),
    bus=((186, 156, 70), (150, 62, 58), (178, 178, 172), (84, 112, 128)),
    train=((160, 66, 60), (182, 176, 160), (92, 108, 124), (178, 150, 72)),
    cycle=((46, 46, 50), (84, 88, 96), (128, 52, 50), (54, 78, 104), (150, 148, 144)),
    hood=(58, 60, 64),
)
"""The target: a muted city under a pale sky."""

GAME_PALETTE = Palette(
    road=(140, 130, 122),
    marking=(240, 226, 170),
    kerb=(206, 194, 176),
    sidewalk=(192, 176, 156),
    yard=(180, 160, 128),
    terrain=((140, 150, 62), (176, 156, 84), (112, 140, 50), (190, 166, 108)),
    building=((226, 186, 134), (202, 124, 92), (238, 216, 178), (128, 152, 178), (216, 140, 124), (176, 170, 180), (240, 204, 120)),
    window=(64, 104, 148),
    wall=((206, 180, 146), (196, 136, 104), (168, 168, 180), (226, 202, 160)),
    fence=((158, 112, 66), (206, 202, 192), (128, 128, 140), (96, 120, 84)),
    pole=((126, 122, 118), (160, 152, 140), (92, 88, 90)),
    foliage=((84, 132, 40), (116, 146, 44), (62, 112, 44), (146, 152, 52)),
    trunk=(124, 88, 58),
    sky=(64, 130, 222),
    horizon=(190, 216, 240),
    cloud=(252, 250, 246),
    skin=((226, 178, 142), (190, 134, 98), (124, 84, 62), (240, 200, 168)),
    clothing=((46, 44, 60), (80, 90, 130), (190, 150, 110), (206, 56, 50), (52, 110, 190), (236, 232, 224), (120, 150, 70), (40, 36, 44)),
    car=((34, 34, 44), (120, 130, 150), (206, 208, 212), (244, 242, 236), (40, 80, 176), (196, 44, 40), (52, 120, 80), (214, 170, 60)),
    truck=((242, 236, 222), (196, 176, 150), (60, 110, 196), (230, 170, 50), (150, 150, 160)),
    bus=((240, 186, 48), (204, 60, 52), (236, 232, 216), (64, 140, 190)),
    train=((206, 66, 52), (236, 222, 184), (90, 130, 186), (236, 180, 50)),
    cycle=((44, 42, 52), (110, 116, 140), (200, 50, 44), (46, 100, 180), (220, 214, 204)),
    hood=(40, 40, 48),
)
"""A game in the sun. The source takes it part of the way to the street, so that the gap can be bridged."""


GTA = Style(
    name="gta",
    palette=blend_palettes(GAME_PALETTE, STREET_PALETTE, 0.6),
    frequencies=Frequencies(
        frontage=(0.36, 0.22, 0.2, 0.09, 0.13),
        crossing=0.45,
        parking=0.5,
        parked=0.32,
        verge=0.55,
        trees=0.35,
        cars=2.6,
        trucks=0.8,
        buses=0.45,
        trains=0.22,
        persons=6.0,
        riders=1.8,
        bicycles=1.3,
        motorcycles=1.6,
        lamps=0.7,
        lights=2.8,
        signs=3.0,
        bins=0.8,
    ),
    texture=1.2,
    sun=0.75,
    eye=1.55,
    fog=(200, 212, 224),
    fog_density=0.0015,
    sky_haze=0.0,
    colour_matrix=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    gamma=1.0,
    exposure=1.0,
    exposure_jitter=0.08,
    tint_jitter=0.02,
    vignette=0.0,
    blur=0.0,
    noise=1.0,
    hood=False,
)

CITYSCAPES = Style(
    name="cityscapes",
    palette=STREET_PALETTE,
    frequencies=Frequencies(
        frontage=(0.42, 0.18, 0.18, 0.1, 0.12),
        crossing=0.5,
        parking=0.5,
        parked=0.45,
        verge=0.45,
        trees=0.5,
        cars=2.4,
        trucks=0.55,
        buses=0.5,
        trains=0.2,
        persons=9.0,
        riders=2.8,
        bicycles=2.6,
        motorcycles=1.2,
        lamps=0.8,
        lights=2.6,
        signs=4.0,
        bins=0.8,
    ),
    texture=0.9,
    sun=0.25,
    eye=1.4,
    fog=(204, 208, 206),
    fog_density=0.006,
    sky_haze=0.25,
    # The colours of another, paler sensor: the heart of the gap. Source-only training loses vegetation, terrain
    # and coloured things to it; a labelled target hardly notices.
    colour_matrix=((0.6, 0.28, 0.12), (0.16, 0.74, 0.1), (0.12, 0.38, 0.44)),
    gamma=0.95,
    exposure=1.08,
    exposure_jitter=0.1,
    tint_jitter=0.025,
    vignette=0.22,
    blur=0.3,
    noise=3.0,
    hood=True,
)

STYLES = {style.name: style for style in (GTA, CITYSCAPES)}
