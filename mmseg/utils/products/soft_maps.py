"""Class probabilities of an image as a file: ``NAME.npz`` with one array ``levels``, uint8 [K, h, w], in steps of 1/255.

Letters: K classes, (h, w) size of the map, which may be smaller than the image.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmseg.utils.errors import BadFileError
from mmseg.utils.products.array_file import UNREADABLE, check_archive
from mmseg.utils.storage.files import atomic_path

LEVELS = "levels"
SUFFIX = ".npz"
STEPS = 255


def write_soft_map(path: str | Path, levels: np.ndarray) -> None:
    """Writes a map atomically, compressed; the same map is the same bytes.

    Args:
        path: the file; its suffix is .npz.
        levels: uint8 [K, h, w], probabilities times 255, rounded.

    Raises:
        UserError: the folder is read-only or the disk is full.
    """
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **{LEVELS: levels})


def read_soft_map(path: str | Path) -> np.ndarray:
    """The probabilities of a file: float32 [K, h, w], which sum to 1 over the classes again.

    Raises:
        BadFileError: as :func:`read_levels`.
    """
    return probabilities(read_levels(path))


def read_levels(path: str | Path) -> np.ndarray:
    """What a file holds: uint8 [K, h, w].

    Raises:
        BadFileError: the file is missing, cut off, or holds something else.
    """
    try:
        check_archive(path)
        with np.load(path, allow_pickle=False) as content:
            levels = content[LEVELS]
    except UNREADABLE as error:
        raise BadFileError(f"{path} is missing, cut off, or no soft map ({error}). Move it elsewhere and make it again.") from None
    if levels.dtype != np.uint8 or levels.ndim != 3:
        raise BadFileError(f"{path} holds {levels.dtype} {levels.shape}, no soft map uint8 [K, h, w]. Move it elsewhere and make it again.")
    return levels


def probabilities(levels: np.ndarray) -> np.ndarray:
    """What levels uint8 [K, h, w] stand for: float32 [K, h, w], which sum to 1 over the classes in spite of rounding."""
    return levels / np.maximum(levels.sum(axis=0, dtype=np.float32), 1)
