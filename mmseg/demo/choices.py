"""What demo data can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

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

STREETS = "streets"
"""Folder of the streets for training towards photographs, laid out like GTA, with validation scenes laid out alike in ``val`` below it."""


@dataclass(frozen=True)
class Parameters:
    """What decides the content of the demo data: written into its manifest.

    Attributes:
        seed: of all scenes.
        width, height: of a scene, in pixels.
        source, target, val: number of scenes of the source, and of the target for training and validation.
        target_frequencies: factors by the name of a class, see :mod:`mmseg.demo.class_frequencies`.
    """

    seed: int = 0
    width: int = 512
    height: int = 256
    source: int = 240
    target: int = 200
    val: int = 60
    target_frequencies: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def declared(self) -> dict[str, Any]:
        """As the manifest has them; without factors they are as they were before there were any."""
        values = asdict(self)
        return values if self.target_frequencies else {name: value for name, value in values.items() if name != "target_frequencies"}
