"""How many images the splits of the public data sets have, by data set type and image folder."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mmseg.datasets.base import SegmentationDataset
from mmseg.demo.choices import MANIFEST

KNOWN_SIZES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "GTADataset": {"images": 24_966},
        "SynthiaDataset": {"RGB": 9_400},
        "CityscapesDataset": {"leftImg8bit/train": 2_975, "leftImg8bit/val": 500, "leftImg8bit/test": 1_525},
        "ACDCDataset": {"rgb_anon/train": 1_600, "rgb_anon/val": 406, "rgb_anon/test": 2_000},
        "DarkZurichDataset": {"rgb_anon/train/night": 2_416, "rgb_anon/val": 50, "rgb_anon/test": 151},
        "BDD100KDataset": {"images/10k/train": 7_000, "images/10k/val": 1_000, "images/10k/test": 2_000},
        "CamVidDataset": {"train": 367, "val": 101, "test": 233},
        "UrbanSynDataset": {"rgb": 7_539},
        "SynscapesDataset": {"img/rgb": 25_000},
        "WildDash2Dataset": {"images": 4_256},
        "IDDDataset": {"leftImg8bit/train": 6_993, "leftImg8bit/val": 981, "leftImg8bit/test": 2_029},
        "MapillaryDataset": {"training/images": 18_000, "validation/images": 2_000, "testing/images": 5_000},
    }
)
"""Sources: the papers and the downloads of the data sets; a folder that is not listed has no known total."""


def known_size(dataset: SegmentationDataset, config: dict) -> int | None:
    """Number of images that a published split has, or the first ones of it; None for a folder without a known total,
    for a few labelled ones, and for demo data.

    Args:
        dataset: the data set.
        config: what it was built from.
    """
    if (dataset.data_root.parent / MANIFEST).is_file() or config.get("labeled") is not None:
        return None
    known = KNOWN_SIZES.get(config["type"], {}).get(config.get("img_dir") or dataset.image_folder)
    return min(known, config["first"]) if known and config.get("first") else known
