"""Counts the ids in a user's own label files once, and keeps the counts in a file."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.datasets.statistics.counts_file import read_counts, write_counts
from mmseg.utils.computing.progress import mapped
from mmseg.utils.computing.threads import usable_cores


def count_ids(path: Path, read: Callable[[Path], np.ndarray] = read_label_ids) -> dict[int, int]:
    """Pixels of every id in a label file, {raw id: pixels}."""
    counts = np.bincount(read(path).ravel())
    return {int(raw): int(counts[raw]) for raw in np.nonzero(counts)[0]}


def count_labels(
    root: Path, names: Sequence[str], folder: Path, read: Callable[[Path], np.ndarray] = read_label_ids
) -> list[Mapping[int, int]]:
    """Pixels of every id in every label file: read from ``folder``, or counted under a progress bar and written there.

    The counts are of raw ids, so that they outlive a change of ``label_map``; other or changed label files are counted anew.

    Args:
        root: folder of the labels.
        names: the files, relative to ``root``.
        folder: gets the file :data:`COUNTS_FILE`.
        read: decodes a label file to raw ids.

    Returns:
        {raw id: pixels} by file, in the order of ``names``.

    Raises:
        UserError: a label is broken.
        OSError: ``folder`` cannot be written to; found before the counting.
    """
    known = read_counts(root, names, folder)
    if known is not None:
        return known
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):  # minutes of counting may follow
        pass
    work, paths = functools.partial(count_ids, read=read), [root / name for name in names]
    counts = list(mapped(work, paths, nproc=min(usable_cores(), len(names) // 100), title="Counting"))
    write_counts(root, dict(zip(names, counts, strict=True)), folder)
    return counts
