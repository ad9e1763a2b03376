"""What to do about data that are not there, for messages."""

from __future__ import annotations

from pathlib import Path

DEMO = "demo"
"""Folder of the demo domains, as our configs call it: data/demo."""
DRAWN = ("gta", "cityscapes")
"""Domains that ``tools/make_demo_data.py`` draws unless it is told which."""
STREETS = "streets"
"""Folder of the rendered streets, in one that our configs call so as well."""
AS_PHOTOGRAPHS = " --layout streets --size 480 360 --source 500"
"""How the streets of our configs are drawn."""


def how_to_get(folder: Path, otherwise: str) -> str:
    """The sentence that ends an error about a folder that does not exist: demo domains and streets are drawn."""
    for place in (folder, *folder.parents):
        streets = place.name == place.parent.name == STREETS
        if streets or place.parent.name == DEMO:
            layout = AS_PHOTOGRAPHS if streets else "" if place.name in DRAWN else f" --layout {place.name}"
            return f"Draw the demo data with: python tools/make_demo_data.py --out {place.parent}{layout}"
    return otherwise
