"""The values that a label of train ids may have."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.utils.errors import BadFileError


def check_label_values(label: np.ndarray, num_classes: int, path: Path, fix: str) -> None:
    """Raises UserError for a value that is neither a train id nor 255."""
    wrong = label[(label >= num_classes) & (label != IGNORE)]
    if wrong.size:
        raise BadFileError(f"{path} holds the label {wrong[0]}, which is neither a train id (0..{num_classes - 1}) nor {IGNORE}. {fix}")
