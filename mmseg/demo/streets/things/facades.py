"""What the fronts of houses look like: materials, floors and bays, drawn as textures.

A design is drawn once for a terrace; its houses differ in their doors, curtains and stains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.colours import Colour
from mmseg.demo.streets.texture import DENSITY, Drawing, Texture
from mmseg.demo.streets.things.windows import Window, door, draw_window_manner, glass, pane, shop, window


@dataclass(frozen=True)
class Design:
    """The manner of one building or of a whole terrace.

    Attributes:
        material: 'brick', 'plaster', 'stone', 'panels'.
        wall, trim, joint, roof, woodwork: colours.
        floor, bay: metres.
        window: manner of its windows.
        courses: a lighter band between the floors.
        shops: whether there are shops on the ground floor.
        office: whether it is a modern block with ribbons of glass.
    """

    material: str
    wall: Colour
    trim: Colour
    joint: Colour
    roof: Colour
    woodwork: Colour
    floor: float
    bay: float
    window: Window
    courses: bool
    shops: bool
    office: bool


def draw_design(rng: np.random.Generator, *, shops: bool, office: bool) -> Design:
    """A new design."""
    material = str(rng.choice(("brick", "plaster", "stone", "panels"), p=(0.5, 0.27, 0.13, 0.1) if not office else (0.3, 0.1, 0.2, 0.4)))
    wall = {"brick": colours.brick, "plaster": colours.plaster, "stone": colours.stone, "panels": colours.plaster}[material](rng)
    floor, bay = rng.uniform(2.7, 3.5), rng.uniform(1.8, 3.4)
    trim = colours.stone(rng) if rng.random() < 0.7 else colours.plaster(rng)
    joint = colours.mixed(wall, colours.hsv(rng, (0.05, 0.15), (0, 0.15), (0.4, 0.8)), rng.uniform(0.3, 0.9))
    return Design(
        material=material,
        wall=wall,
        trim=trim,
        joint=joint,
        roof=colours.roof(rng),
        woodwork=colours.paint(rng),
        floor=floor,
        bay=bay,
        window=draw_window_manner(rng, bay, floor, trim),
        courses=bool(rng.random() < 0.3),
        shops=shops,
        office=office,
    )


def wall_drawing(design: Design, width: float, height: float, rng: np.random.Generator, away: float = 0.0) -> Drawing:
    """A wall without windows; drawn coarser where it is ``away`` metres away."""
    drawing = Drawing(width, height, design.wall, density=DENSITY * float(np.clip(13 / max(away, 1), 0.15, 1)))
    if design.material == "brick":
        drawing.bricks(rng, design.wall, design.joint, 0.225, 0.075, rng.uniform(0.07, 0.17))
    elif design.material == "stone":
        drawing.bricks(rng, design.wall, design.joint, rng.uniform(0.4, 0.8), rng.uniform(0.22, 0.35), rng.uniform(0.03, 0.09))
    elif design.material == "panels":
        drawing.bricks(rng, design.wall, colours.tinted(design.wall, 0.6), design.bay, design.floor, 0.03)
    drawing.weather(rng, rng.uniform(0.3, 1.2))
    drawing.scale(0, 0, width, rng.uniform(0.2, 0.6), rng.uniform(0.75, 0.98))
    return drawing


def front(design: Design, width: float, height: float, rng: np.random.Generator, away: float) -> Texture:
    """The front of one house."""
    drawing = wall_drawing(design, width, height, rng, away)
    if design.office:
        _office(drawing, design, rng)
    else:
        _house(drawing, design, rng)
    drawing.shade_down(0, height - 0.7, width, height, 0.6)  # of the eaves
    return drawing.texture()


def blank(design: Design, width: float, height: float, rng: np.random.Generator, away: float) -> Texture:
    """A gable with few windows."""
    drawing = wall_drawing(design, width, height, rng, away)
    for level in range(int(height / design.floor)):
        for place in (0.25, 0.65):
            if rng.random() < 0.3:
                window(drawing, place * width, level * design.floor + 0.9, design.window, rng)
    return drawing.texture()


def _house(drawing: Drawing, design: Design, rng: np.random.Generator) -> None:
    width, height, manner = drawing.width, drawing.height, design.window
    levels, bays = max(int(height / design.floor + 0.3), 1), max(int(width / design.bay), 1)
    pitch = width / bays
    doorway = int(rng.integers(bays)) if not design.shops else -1
    for level in range(levels):
        bottom = level * design.floor + (design.floor - manner.height) * 0.55
        if level == 0 and design.shops:
            shop(drawing, 0.0, width, design.floor, rng)
            continue
        if level and design.courses:
            drawing.fill(0, level * design.floor - 0.08, width, level * design.floor + 0.1, design.trim)
            drawing.shade_down(0, level * design.floor - 0.2, width, level * design.floor - 0.08, 0.7)
        for bay in range(bays):
            left = bay * pitch + (pitch - manner.width) / 2
            if level == 0 and bay == doorway:
                door(
                    drawing,
                    bay * pitch + (pitch - 1.0) / 2,
                    colours.varied(rng, design.woodwork, 0.3) if rng.random() < 0.5 else colours.paint(rng),
                    rng,
                    manner.frame,
                )
            elif bottom + manner.height < height - 0.15:
                window(drawing, left, bottom, manner, rng)


def _office(drawing: Drawing, design: Design, rng: np.random.Generator) -> None:
    """Ribbons of glass, or a grid of panes between posts."""
    width, height = drawing.width, drawing.height
    frame, tint = colours.tinted(design.window.frame, rng.uniform(0.25, 0.9)), glass(rng)
    low, high = rng.uniform(0.05, 0.9), design.floor - rng.uniform(0.15, 0.6)
    step, post = rng.uniform(0.9, 2.4), rng.uniform(0.0, 0.6) if rng.random() < 0.5 else 0.0
    for level in range(max(int(height / design.floor), 1)):
        base = level * design.floor
        if level == 0 and design.shops:
            shop(drawing, 0.0, width, design.floor, rng)
            continue
        drawing.fill(0.3, base + low, width - 0.3, base + high, frame)
        for left in np.arange(0.35, width - 0.4, step):
            right = min(left + step - 0.06 - post, width - 0.35)
            if right - left < 0.15:
                continue
            if post:
                drawing.fill(right, base + low, right + post + 0.06, base + high, design.wall)
            if rng.random() < 0.75:
                drawing.fill(left, base + low + 0.05, right, base + high - 0.05, colours.varied(rng, tint, 0.25), 1.0)
            else:
                pane(drawing, left, base + low + 0.05, right, base + high - 0.05, rng)
        drawing.scale(0.3, base + high - 0.15, width - 0.3, base + high, 0.5)
