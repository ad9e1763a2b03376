"""A complete config whose data are the tiny demo domains."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from mmseg.config.config import load_config
from tests import tiny

SOURCE_LABEL = "gta/labels/00001_labelTrainIds.png"


def data_config(data: Path, **changes: object) -> Config:
    """The tiny HRDA config on the data in ``data``; ``changes`` by dotted key."""
    return load_config(tiny.ROOT / tiny.CONFIG, {**tiny.values(data), **changes})


def val_pair(data: Path) -> tuple[Path, Path]:
    """The first validation image and its label."""
    image = sorted((data / "cityscapes/leftImg8bit/val").rglob("*.png"))[0]
    label = str(image).replace("leftImg8bit/val", "gtFine/val").replace("_leftImg8bit.png", "_gtFine_labelTrainIds.png")
    return image, Path(label)
