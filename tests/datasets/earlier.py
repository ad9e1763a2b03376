"""Pseudo-labels of an earlier stage of the target images of a Cityscapes folder, as tools/prepare/pseudo_labels.py leaves them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mmseg.datasets.classes.names import CLASSES
from mmseg.utils.products.header import HEADER, images_digest
from mmseg.utils.products.soft_maps import write_soft_map
from tests.datasets.toy import HEIGHT, WIDTH, write_png

COMMAND = "python tools/prepare/pseudo_labels.py a.py a.pth --out made"
STRIDE = 8


def image_names(root: Path) -> list[str]:
    """Of the target."""
    folder = root / "leftImg8bit/train"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


def write_header(folder: Path, names: list[str], **changes: object) -> None:
    """One that fits, with changes."""
    header = {"version": 1, "kind": "pseudo-labels", "made_by": COMMAND, "digest": None, "checkpoint": "ab" * 32, "classes": list(CLASSES)}
    header |= {"images": len(names), "images_digest": images_digest(names), "complete": True, "settings": {"soft": False}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEADER).write_text(json.dumps({**header, **changes}))


def make_hard(root: Path, folder: Path, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Path:
    """The label of a pixel is its row, and 255 in the first rows."""
    for name in image_names(root):
        rows = np.repeat(np.arange(size[0], dtype=np.uint8)[:, None], size[1], axis=1)
        write_png(folder / name, np.where(rows < len(CLASSES), rows, 255).astype(np.uint8))
    write_header(folder, image_names(root))
    return folder


def make_soft(root: Path, folder: Path, classes: int = len(CLASSES), size: tuple = (HEIGHT // STRIDE, WIDTH // STRIDE), **settings) -> Path:
    """Class 1 becomes more probable from the left to the right, and class 0 less."""
    share = np.broadcast_to(np.linspace(0, 255, size[1]).round(), size).astype(np.uint8)
    levels = np.zeros((classes, *size), np.uint8)
    levels[0], levels[1] = 255 - share, share
    for name in image_names(root):
        path = (folder / name).with_suffix(".npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_soft_map(path, levels)
    write_header(folder, image_names(root), settings={"soft": True, "stride": STRIDE, **settings})
    return folder
