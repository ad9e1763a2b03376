"""Counts the ids in a user's own label files once, and keeps the counts in a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmseg.datasets.conversion.convert import mapped
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.datasets.statistics.files import are_pixels, fingerprint
from mmseg.utils.files import write_text
from mmseg.utils.threads import usable_cores

COUNTS_FILE = "label_counts.json"


def count_ids(path: Path) -> dict[int, int]:
    """Pixels of every id in a label file, {raw id: pixels}."""
    counts = np.bincount(read_label_ids(path).ravel())
    return {int(raw): int(counts[raw]) for raw in np.nonzero(counts)[0]}


def count_labels(root: Path, names: Sequence[str], folder: Path) -> list[Mapping[int, int]]:
    """Pixels of every id in every label file: read from ``folder``, or counted under a progress bar and written there.

    The counts are of raw ids, so that they outlive a change of ``label_map``; other or changed label files are counted anew.

    Args:
        root: folder of the labels.
        names: the files, relative to ``root``.
        folder: gets the file :data:`COUNTS_FILE`.

    Returns:
        {raw id: pixels} by file, in the order of ``names``.

    Raises:
        UserError: a label is broken.
        OSError: ``folder`` cannot be written to; found before the counting.
    """
    path, labels = folder / COUNTS_FILE, fingerprint(root, names)
    known = _read(path)
    if known.get("contents") == labels:
        return [{int(raw): pixels for raw, pixels in known["files"][name].items()} for name in names]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):  # minutes of counting may follow
        pass
    counts = list(mapped(count_ids, [root / name for name in names], nproc=min(usable_cores(), len(names) // 100), title="Counting"))
    write_text(path, json.dumps({"contents": labels, "files": dict(zip(names, counts, strict=True))}) + "\n")
    return counts


def _read(path: Path) -> dict:
    """The file, or nothing where it is missing, broken or holds what nobody counts: it is written again then."""
    try:
        known = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    files = known.get("files") if isinstance(known, dict) else None
    return known if isinstance(files, dict) and all(map(are_pixels, files.values())) else {}
