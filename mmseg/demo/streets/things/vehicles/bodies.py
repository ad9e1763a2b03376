"""The shapes of cars as data.

Profiles are in lengths and heights of the car: w ahead, v up.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Body:
    """A shape of car.

    Attributes:
        length, width, height: metres.
        outline: (w, v) from the rear to the front over the roof.
        belt: v of the lower edge of the side windows.
        glass: numbers of the stretches of the outline that are windows.
        sides: (w from, w to) of the side windows.
    """

    length: float
    width: float
    height: float
    outline: tuple[tuple[float, float], ...]
    belt: float
    glass: tuple[int, ...]
    sides: tuple[tuple[float, float], ...]


FRONT = ((0.29, 0.66), (0.43, 0.6), (0.485, 0.5), (0.5, 0.36), (0.495, 0.16))
BODIES = {
    "hatchback": Body(
        3.9,
        1.68,
        1.46,
        ((-0.495, 0.16), (-0.5, 0.42), (-0.485, 0.64), (-0.4, 0.95), (-0.28, 1.0), (0.0, 1.0), (0.09, 0.96), *FRONT),
        0.62,
        (2, 6),
        ((-0.36, -0.2), (-0.18, 0.16)),
    ),
    "saloon": Body(
        4.5,
        1.75,
        1.43,
        ((-0.495, 0.18), (-0.5, 0.5), (-0.48, 0.66), (-0.34, 0.69), (-0.22, 0.97), (-0.1, 1.0), (0.04, 0.99), (0.1, 0.95), *FRONT),
        0.64,
        (3, 7),
        ((-0.24, -0.07), (-0.05, 0.18)),
    ),
    "estate": Body(
        4.6,
        1.76,
        1.5,
        ((-0.495, 0.18), (-0.5, 0.45), (-0.49, 0.62), (-0.45, 0.93), (-0.36, 0.98), (0.0, 1.0), (0.1, 0.95), *FRONT),
        0.62,
        (2, 6),
        ((-0.43, -0.27), (-0.25, -0.05), (-0.03, 0.18)),
    ),
    "people carrier": Body(
        4.4,
        1.8,
        1.72,
        (
            (-0.495, 0.15),
            (-0.5, 0.4),
            (-0.49, 0.6),
            (-0.45, 0.93),
            (-0.36, 0.99),
            (0.05, 1.0),
            (0.14, 0.93),
            (0.34, 0.6),
            (0.45, 0.53),
            (0.49, 0.4),
            (0.5, 0.14),
        ),
        0.58,
        (2, 6),
        ((-0.43, -0.25), (-0.23, -0.03), (-0.01, 0.2)),
    ),
    "van": Body(
        4.9,
        1.9,
        2.1,
        (
            (-0.5, 0.15),
            (-0.5, 0.5),
            (-0.495, 0.94),
            (-0.47, 0.99),
            (-0.1, 1.0),
            (0.2, 0.98),
            (0.25, 0.93),
            (0.36, 0.58),
            (0.46, 0.5),
            (0.495, 0.38),
            (0.5, 0.14),
        ),
        0.56,
        (6,),
        ((0.16, 0.31),),
    ),
    "pick-up": Body(
        5.0,
        1.8,
        1.72,
        (
            (-0.5, 0.25),
            (-0.5, 0.57),
            (-0.1, 0.58),
            (-0.08, 0.95),
            (-0.02, 1.0),
            (0.1, 1.0),
            (0.14, 0.96),
            (0.26, 0.62),
            (0.46, 0.57),
            (0.5, 0.45),
            (0.5, 0.2),
        ),
        0.6,
        (2, 6),
        ((-0.06, 0.04), (0.06, 0.19)),
    ),
}
SHARES = {"hatchback": 0.36, "saloon": 0.2, "estate": 0.14, "people carrier": 0.12, "van": 0.13, "pick-up": 0.05}
