"""Reading a file of annotations.

Letters: (H, W) native size of an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.utils.errors import BadFileError


def read_annotation(path: Path, size: Sequence[int], fix: str) -> np.ndarray:
    """A PNG of ids, grey or with a palette: uint8 [H, W].

    Args:
        path: the file.
        size: (H, W) that it has to have.
        fix: ends the errors.

    Raises:
        BadFileError: it is missing, broken, of more than 8 bits, or of another size.
    """
    label = read_label_ids(path, fix)
    if label.shape != tuple(size):
        given, wanted = ("x".join(map(str, sides[::-1])) for sides in (label.shape, tuple(size)))
        raise BadFileError(f"{path} has {given} pixels, its image has {wanted}. {fix}")
    return label.astype(np.uint8) if label.dtype != np.uint8 and label.max(initial=0) < 256 else label
