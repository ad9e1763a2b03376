"""A file of prototypes for networks of tests."""

import tempfile
from functools import cache
from pathlib import Path

import torch

from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.products.prototype_file import Prototypes, write_prototypes


def write(path: Path, classes: int, channels: int, pixels: torch.Tensor | None = None) -> str:
    """Random prototypes of classes that have from 1 to K pixels, or those that are given."""
    vectors = torch.randn(classes, channels, generator=torch.Generator().manual_seed(0))
    pixels = torch.arange(1, classes + 1) if pixels is None else pixels
    header = {
        "version": VERSION,
        "kind": "prototypes",
        "made_by": f"python tools/prepare/prototypes.py a.py latest.pth --out {path.name}",
        "digest": "01234567",
        "checkpoint": "ab" * 32,
        "classes": [str(index) for index in range(classes)],
        "images": 1,
        "images_digest": images_digest(["a.png"]),
        "complete": True,
    }
    write_prototypes(path, Prototypes(vectors, torch.ones(classes, dtype=torch.int64), pixels), header)
    return str(path)


@cache
def prototypes(classes: int = 19, channels: int = 48) -> str:
    """The path of one, made once per session; 48 channels are those of the demo's decoder."""
    folder = tempfile.TemporaryDirectory(prefix="prototypes_")
    _KEPT.append(folder)
    return write(Path(folder.name) / "prototypes.npz", classes, channels)


_KEPT: list[tempfile.TemporaryDirectory] = []
"""Removed at the end of the session."""
