"""How often classes appear in a domain, changed class by class: a label shift that is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mmseg.demo.styles import Frequencies, Style
from mmseg.utils.errors import UserError, suggestion

FRONTAGES = {"building": (0,), "wall": (1,), "fence": (2,), "vegetation": (3, 4)}
"""Places of a class in ``Frequencies.frontage``."""
THINGS = {
    "pole": ("lamps",),
    "traffic light": ("lights",),
    "traffic sign": ("signs",),
    "vegetation": ("trees",),
    "terrain": ("verge",),
    "person": ("persons",),
    "rider": ("riders",),
    "car": ("cars", "parked"),
    "truck": ("trucks",),
    "bus": ("buses",),
    "train": ("trains",),
    "motorcycle": ("motorcycles",),
    "bicycle": ("bicycles",),
}
"""Fields of ``Frequencies`` that show a class."""
CHANCES = ("verge", "trees", "parked", "trains", "lamps")
"""Fields that are chances or shares, at most 1; others are expected counts."""
CLASSES = tuple(dict.fromkeys([*FRONTAGES, *THINGS]))
"""Classes whose frequency can change; road, sidewalk and sky are in every street."""


def check_factors(factors: Mapping[str, float]) -> None:
    """Refuses factors by the names of classes that cannot be.

    Raises:
        UserError: of a class that does not exist or is everywhere, negative or infinite, or without any frontage left.
    """
    for name, factor in factors.items():
        if name not in CLASSES:
            fix = suggestion(name, CLASSES) or f" Use one of {', '.join(CLASSES)}."
            raise UserError(f"--target-frequency {name}={factor:g}: no class whose frequency can change.{fix}")
        if not 0 <= factor < float("inf"):
            raise UserError(f"--target-frequency {name}={factor:g} is no factor. Use 0 or a positive number.")
    if all(factors.get(name) == 0 for name in FRONTAGES):
        raise UserError(f"--target-frequency: nothing would stand beside the street. Use more than 0 for one of {', '.join(FRONTAGES)}.")


def with_factors(style: Style, factors: Mapping[str, float]) -> Style:
    """The style in which classes occur as often as before times a factor; chances end at 1.

    A rider of the traffic and a person on the sidewalk are things; what a crossing or a parking strip shows by chance stays.

    Args:
        style: of a domain.
        factors: by the name of a class, see :data:`CLASSES`.
    """
    before = style.frequencies
    frontage = list(before.frontage)
    for name, places in FRONTAGES.items():
        for place in places:
            frontage[place] *= factors.get(name, 1.0)
    things = {field: getattr(before, field) * factors.get(name, 1.0) for name, names in THINGS.items() for field in names}
    limited = {field: min(value, 1.0) if field in CHANCES else value for field, value in things.items()}
    frequencies: Frequencies = replace(before, frontage=tuple(frontage), **limited)
    return replace(style, frequencies=frequencies)
