"""What demo data can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

MANIFEST = "demo_manifest.json"
"""File beside the demo data that says how they were drawn."""

DEMO_FOLDERS = {
    "GTADataset": "gta",
    "SynthiaDataset": "synthia",
    "CityscapesDataset": "cityscapes",
    "ACDCDataset": "acdc",
    "DarkZurichDataset": "dark_zurich",
    "BDD100KDataset": "bdd100k",
    "MapillaryDataset": "mapillary",
}
"""Folder of each data set below the demo data; also the name of its layout in :data:`mmseg.demo.files.LAYOUTS`."""


UNSEEN_FOLDERS = ("night", "fog", "town")
"""Folders of what no demo training sees, laid out like Cityscapes: validation scenes alone."""


@dataclass(frozen=True)
class Parameters:
    """What decides the content of the demo data: written into its manifest."""

    seed: int = 0
    width: int = 512
    height: int = 256
    source: int = 240
    target: int = 200
    val: int = 60
