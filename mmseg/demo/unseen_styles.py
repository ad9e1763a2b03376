"""Streets that no demo training sees: a night, a fog and another town, to test what has learned from the source alone."""

from __future__ import annotations

from dataclasses import replace

from mmseg.demo.styles import CITYSCAPES, STREET_PALETTE

NIGHT = replace(
    CITYSCAPES,
    name="night",
    palette=replace(STREET_PALETTE, sky=(26, 30, 48), horizon=(58, 56, 66), cloud=(48, 50, 62), window=(214, 178, 104)),
    sun=0.0,
    fog=(40, 42, 54),
    colour_matrix=((0.72, 0.2, 0.08), (0.1, 0.74, 0.16), (0.08, 0.3, 0.74)),
    gamma=1.25,
    exposure=0.8,
    exposure_jitter=0.12,
    vignette=0.4,
    blur=0.5,
    noise=8.0,
)
"""The target's streets, dark and noisy, with lit windows."""

FOG = replace(
    CITYSCAPES,
    name="fog",
    sun=0.0,
    fog=(206, 208, 210),
    fog_density=0.03,
    sky_haze=0.95,
    colour_matrix=((0.7, 0.2, 0.1), (0.15, 0.7, 0.15), (0.12, 0.24, 0.64)),
    exposure=1.05,
    vignette=0.1,
    blur=0.6,
    noise=2.0,
)
"""The target's streets, of which little is seen beyond 50 metres."""

TOWN = replace(
    CITYSCAPES,
    name="town",
    palette=replace(
        STREET_PALETTE,
        road=(124, 112, 106),
        sidewalk=(158, 128, 112),
        terrain=((120, 132, 66), (142, 128, 84), (96, 120, 58), (150, 140, 96)),
        building=((158, 82, 66), (182, 108, 84), (136, 70, 62), (196, 150, 112), (108, 84, 76), (206, 184, 150), (150, 96, 88)),
        window=(208, 206, 196),
        wall=((150, 88, 72), (168, 122, 98), (128, 108, 96), (176, 140, 116)),
        fence=((210, 206, 198), (96, 78, 60), (64, 84, 66), (150, 118, 84)),
        pole=((58, 62, 58), (140, 108, 78), (96, 96, 92)),
        foliage=((150, 108, 48), (122, 118, 54), (168, 92, 44), (96, 104, 52)),
        sky=(108, 150, 202),
        horizon=(206, 214, 220),
        hood=(150, 40, 40),
    ),
    frequencies=replace(CITYSCAPES.frequencies, frontage=(0.3, 0.2, 0.22, 0.16, 0.12), verge=0.7, parked=0.3, persons=6.0, trains=0.05),
    texture=1.9,
    sun=0.6,
    colour_matrix=((0.9, 0.08, 0.02), (0.06, 0.84, 0.1), (0.04, 0.14, 0.82)),
    gamma=1.1,
    exposure=0.94,
    blur=0.0,
    noise=1.5,
)
"""Another town in autumn: brick, rough surfaces, a low sun."""

UNSEEN_STYLES = {style.name: style for style in (NIGHT, FOG, TOWN)}
