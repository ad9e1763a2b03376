"""Hashes of the data behind a number: of the class statistics that a training draws by, and of the labels of an evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmseg.datasets.statistics.counts_file import COUNTS_FILE
from mmseg.datasets.statistics.files import STATS_FILE
from mmseg.evaluation.image_counts import ImageCounts
from mmseg.utils.storage.checksums import file_hash

FOLDERS = ("data_root", "labels", "statistics_dir", "ann_dir")
"""Entries of a data set's config below which statistics may lie."""


def statistics_hash(dataset: Any) -> str | None:
    """SHA-256 over the files of class statistics of a training's data sets, in the order of the config; None where there are none.

    Args:
        dataset: config of ``train_dataloader.dataset``.
    """
    files = list(
        dict.fromkeys(folder / name for folder in _folders(dataset) for name in (STATS_FILE, COUNTS_FILE) if (folder / name).is_file())
    )
    if not files:
        return None
    return hashlib.sha256("".join(f"{file.name} {file_hash(file)}\n" for file in files).encode()).hexdigest()


def _folders(value: Any) -> Iterator[Path]:
    """The folders that the configs in a value name."""
    if isinstance(value, Mapping):
        named = {key: value[key] for key in FOLDERS if isinstance(value.get(key), str)}
        root = Path(named.get("data_root", ""))
        yield from (Path(folder) if key == "data_root" else root / folder for key, folder in named.items())
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ():
        yield from _folders(inner)


def labels_hash(counts: ImageCounts) -> str:
    """SHA-256 over the classes and the pixels that each has in the label of each image, in the order of the data set."""
    digest = hashlib.sha256("\n".join(counts.classes).encode(errors="surrogateescape"))
    digest.update(f"\n{counts.truth.shape}\n".encode())
    digest.update(counts.truth.astype("<u8").tobytes())
    return digest.hexdigest()
