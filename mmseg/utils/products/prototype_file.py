"""Prototypes as a file: one mean feature of each class, and how often the classes are predicted (``tools/prepare/prototypes.py``).

An npz without pickled objects: ``vectors``, ``counts``, ``pixels``, and ``header``, the JSON text of a :class:`Header`.

Letters: K classes, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmseg.utils.errors import UserError
from mmseg.utils.products.array_file import read_arrays, write_arrays
from mmseg.utils.products.header import TOOLS, Header, check_header
from mmseg.utils.products.json_file import checked_product

KIND = "prototypes"
ARRAYS = ("vectors", "counts", "pixels")
REMAKE = f"Make a new one with {TOOLS[KIND]}, see its --help."


@dataclass(frozen=True)
class Prototypes:
    """What a network makes of images without labels.

    Attributes:
        vectors: float32 [K, C], not normalised; zeros for a class without one.
        counts: int64 [K], how many features of an image and class each vector is the mean of, capped as its maker caps it.
        pixels: int64 [K], of each class in the predictions, at the stride of the network.
    """

    vectors: Tensor
    counts: Tensor
    pixels: Tensor

    @property
    def distribution(self) -> Tensor:
        """The share of each class in the predictions: float64 [K], sum 1."""
        return self.pixels / self.pixels.sum().double()


def write_prototypes(path: str | Path, prototypes: Prototypes, header: Header) -> None:
    """Writes a file of prototypes atomically.

    Raises:
        UserError: its name ends with something else than .npz, the folder is read-only or the disk is full.
    """
    write_arrays(path, KIND, {name: getattr(prototypes, name).cpu().numpy() for name in ARRAYS}, header)


def read_prototypes(
    path: str | Path, *, num_classes: int | None = None, channels: int | None = None, classes: Sequence[str] | None = None
) -> Prototypes:
    """Reads a file of prototypes.

    Args:
        path: npz file.
        num_classes: K of the network that it is for; None takes any.
        channels: C of the network's map before the classifier; None takes any.
        classes: names by train id; None takes any.

    Raises:
        UserError: it is missing or broken, or about other classes or channels.
    """
    arrays, header = _content(path)
    check_header(header, path, kind=KIND, classes=classes)
    vectors, _, pixels = arrays
    known, width = vectors.shape
    advice = f"Make others with {TOOLS[KIND]} and the network that is trained on them"
    if num_classes not in (None, known):
        raise UserError(f"{path} holds prototypes of {known} classes, but the network has {num_classes}. {advice}.")
    if channels not in (None, width):
        raise UserError(f"{path} holds prototypes of {width} channels, but the map of the network has {channels}. {advice}.")
    if not pixels.sum():
        raise UserError(f"{path} is made of no pixels at all. {REMAKE}")
    return Prototypes(*map(torch.from_numpy, arrays))


def read_prototype_header(path: str | Path) -> Header:
    """What a file of prototypes says of itself; errors as of :func:`read_prototypes`."""
    return _content(path)[1]


def _content(path: str | Path) -> tuple[list[np.ndarray], Header]:
    (vectors, counts, pixels), header = read_arrays(path, KIND, ARRAYS, REMAKE)
    whole = [counts, pixels]
    fits = vectors.ndim == 2 and vectors.dtype == np.float32 and all(a.shape == vectors.shape[:1] and a.dtype == np.int64 for a in whole)
    if not fits or not np.isfinite(vectors).all() or any((a < 0).any() for a in whole):
        raise UserError(f"{path} holds other numbers than prototypes float32 [K, C] and counts int64 [K] of them. {REMAKE}")
    header = checked_product(header, path, Header, REMAKE)
    if len(header["classes"]) != len(vectors):
        raise UserError(f"{path} holds {len(vectors)} prototypes of {len(header['classes'])} classes. {REMAKE}")
    return [vectors, counts, pixels], header
