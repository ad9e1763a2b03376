"""Windows, doors and shop fronts, drawn into the textures of facades.

Places are metres from the lower left corner of the facade.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.colours import Colour
from mmseg.demo.streets.texture import Drawing


@dataclass(frozen=True)
class Window:
    """The manner of all windows of a house.

    Attributes:
        width, height: metres.
        columns, rows: panes.
        frame, trim: colours of the wood, and of the stone around it.
        surround: width of the stone around it; 0 without.
        lintel: a stone above it.
        depth: how deep it lies in the wall, in metres.
    """

    width: float
    height: float
    columns: int
    rows: int
    frame: Colour
    trim: Colour
    surround: float
    lintel: bool
    depth: float


def draw_window_manner(rng: np.random.Generator, bay: float, floor: float, trim: Colour) -> Window:
    """Sashes, casements or plain panes."""
    white = rng.random() < 0.7
    return Window(
        width=bay * rng.uniform(0.32, 0.62),
        height=floor * rng.uniform(0.42, 0.66),
        columns=int(rng.integers(1, 4)),
        rows=int(rng.choice((1, 2, 2, 3, 4))),
        frame=colours.hsv(rng, (0, 1), (0, 0.06), (0.75, 0.95)) if white else colours.paint(rng),
        trim=trim,
        surround=rng.uniform(0.06, 0.18) if rng.random() < 0.35 else 0.0,
        lintel=bool(rng.random() < 0.5),
        depth=rng.uniform(0.05, 0.18),
    )


def glass(rng: np.random.Generator) -> Colour:
    """What is seen in a dark room."""
    return colours.hsv(rng, (0.45, 0.7), (0.0, 0.35), (0.06, 0.26))


def pane(drawing: Drawing, left: float, bottom: float, right: float, top: float, rng: np.random.Generator, gloss: float = 1.0) -> None:
    """Glass, with a curtain or a blind behind it at times."""
    drawing.fill(left, bottom, right, top, glass(rng), gloss)
    drawing.shade_down(left, bottom, right, top, rng.uniform(0.6, 1.0))
    kind = rng.random()
    cloth = colours.hsv(rng, (0, 1), (0.0, 0.25), (0.45, 0.85))
    if kind < 0.25:
        wide = (right - left) * rng.uniform(0.1, 0.3)
        drawing.fill(left, bottom, left + wide, top, cloth, gloss * 0.7)
        drawing.fill(right - wide, bottom, right, top, cloth, gloss * 0.7)
    elif kind < 0.42:
        drawing.fill(left, top - (top - bottom) * rng.uniform(0.15, 0.8), right, top, cloth, gloss * 0.7)
    elif kind < 0.5:
        drawing.fill(left, bottom, right, bottom + (top - bottom) * rng.uniform(0.3, 1.0), cloth, gloss * 0.7)


def window(drawing: Drawing, left: float, bottom: float, manner: Window, rng: np.random.Generator) -> None:
    """One window with its frame, bars, sill, lintel, and the shadow of the wall on it."""
    right, top, bar = left + manner.width, bottom + manner.height, 0.045
    if manner.surround:
        s = manner.surround
        drawing.fill(left - s, bottom - s, right + s, top + s, manner.trim)
    if manner.lintel:
        drawing.fill(left - 0.12, top, right + 0.12, top + 0.2, manner.trim)
    drawing.fill(left, bottom, right, top, manner.frame)
    step_x, step_y = (manner.width - bar) / manner.columns, (manner.height - bar) / manner.rows
    for column in range(manner.columns):
        for row in range(manner.rows):
            x, y = left + bar + column * step_x, bottom + bar + row * step_y
            pane(drawing, x, y, x + step_x - bar, y + step_y - bar, rng)
    drawing.scale(left, top - manner.depth, right, top, 0.45)
    drawing.scale(left, bottom, left + manner.depth * 0.5, top, 0.65)
    drawing.fill(left - 0.08, bottom - 0.09, right + 0.08, bottom, manner.trim)
    drawing.shade_down(left - 0.08, bottom - 0.25, right + 0.08, bottom - 0.09, 0.6)


def door(drawing: Drawing, left: float, colour: Colour, rng: np.random.Generator, frame: Colour) -> None:
    """A front door with a light above it and a step below."""
    wide, high = rng.uniform(0.85, 1.05), rng.uniform(2.0, 2.2)
    drawing.fill(left - 0.1, 0, left + wide + 0.1, high + 0.55, frame)
    drawing.fill(left, 0.12, left + wide, high, colour, 0.15)
    for row in (0.3, 1.1):
        for column in (0.12, 0.55):
            drawing.scale(left + column * wide, row, left + (column + 0.33) * wide, row + 0.6, 0.8)
    if rng.random() < 0.5:
        pane(drawing, left + 0.15 * wide, 1.2, left + 0.85 * wide, high - 0.15, rng)
    pane(drawing, left, high + 0.06, left + wide, high + 0.45, rng)
    drawing.scale(left, high - 0.12, left + wide, high, 0.5)
    drawing.fill(left - 0.15, 0, left + wide + 0.15, 0.12, (0.5, 0.49, 0.47))


def letters(drawing: Drawing, left: float, bottom: float, right: float, top: float, colour: Colour, rng: np.random.Generator) -> None:
    """Something like writing."""
    x, tall = left, top - bottom
    while x < right - 0.4 * tall:
        wide = tall * rng.uniform(0.35, 0.7)
        if rng.random() < 0.86:
            stem = wide * 0.3
            drawing.fill(x, bottom, x + stem, top, colour)
            drawing.fill(x, bottom + tall * rng.uniform(0, 0.75), x + wide, bottom + tall * rng.uniform(0.78, 1.0), colour)
            if rng.random() < 0.5:
                drawing.fill(x + wide - stem, bottom, x + wide, top * rng.uniform(0.9, 1.0), colour)
        x += wide + tall * 0.16


def shop(drawing: Drawing, left: float, right: float, floor: float, rng: np.random.Generator) -> None:
    """A shop front: fascia with a name, large panes with goods, a door, pilasters."""
    board = colours.paint(rng)
    post = board if rng.random() < 0.6 else colours.paint(rng)
    name = colours.hsv(rng, (0, 1), (0, 0.7), (0.8, 0.98)) if sum(board) < 1.6 else colours.tinted(board, 0.25)
    top, riser = floor - rng.uniform(0.75, 1.0), rng.uniform(0.15, 0.6)
    drawing.fill(left, 0, right, floor, post)
    drawing.fill(left + 0.1, top + 0.1, right - 0.1, floor - 0.12, board)
    room = max(right - left - 1.0, 0.3)
    start = left + 0.3 + rng.uniform(0, 0.4) * room
    letters(drawing, start, top + 0.2, start + room * rng.uniform(0.3, 0.6), floor - 0.28, name, rng)
    drawing.shade_down(left, top - 0.3, right, top + 0.05, 0.55)
    x, doorway = left + 0.2, rng.uniform(left, right)
    while x < right - 0.5:
        wide = min(rng.uniform(0.9, 2.2), right - 0.2 - x)
        is_door = x <= doorway < x + wide
        bottom = 0.1 if is_door else riser
        inside = colours.hsv(rng, (0.02, 0.17), (0.05, 0.4), (0.1, 0.5))
        drawing.fill(x, bottom, x + wide - 0.07, top - 0.05, inside, 0.8)
        for _ in range(int(rng.integers(3, 14))):
            gx, gy = rng.uniform(x, x + wide - 0.3), rng.uniform(bottom, top - 0.5)
            goods = colours.hsv(rng, (0, 1), (0.0, 0.8), (0.15, 0.9))
            drawing.fill(gx, gy, min(gx + rng.uniform(0.08, 0.5), x + wide - 0.08), min(gy + rng.uniform(0.1, 0.6), top - 0.06), goods, 0.7)
        drawing.shade_down(x, bottom, x + wide - 0.07, top - 0.05, rng.uniform(0.35, 0.9))
        x += wide
