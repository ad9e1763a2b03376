"""What to do about data that are not there, for messages."""

from __future__ import annotations

from pathlib import Path

DEMO = "demo"
"""Folder of the demo domains, as our configs call it: data/demo."""
DRAWN = ("gta", "cityscapes")
"""Domains that ``tools/make_demo_data.py`` draws unless it is told which."""


def how_to_get(folder: Path, otherwise: str) -> str:
    """The sentence that ends an error about a folder that does not exist: demo domains are drawn."""
    for place in (folder, *folder.parents):
        if place.parent.name == DEMO:
            layout = "" if place.name in DRAWN else f" --layout {place.name}"
            return f"Draw the demo data with: python tools/make_demo_data.py --out {place.parent}{layout}"
    return otherwise
