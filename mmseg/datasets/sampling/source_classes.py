"""Which classes the source labels of a training show, as far as a look of a second at its start can tell."""

from __future__ import annotations

import numpy as np

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import read_encoded
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.datasets.several import SeveralDatasets
from mmseg.utils.errors import BadFileError, UserError

LOOKS = 100
"""The most labels that are read; of more, only those that are needed to find one that is not ignored as a whole."""


def source_note(dataset: UDADataset) -> str | None:
    """Names the classes that no label of a source shows; None where all occur, or where too many labels would have to be read.

    With rare-class sampling the class statistics tell; otherwise the labels of a source of at most :data:`LOOKS` files do.

    Raises:
        UserError: all labels are ignored as a whole, or one cannot be read and is not to be skipped.
    """
    source = dataset.source
    expected = {train_id for train_id, name in enumerate(source.classes) if name not in source.metainfo["absent"]}
    if dataset.table is not None:
        return _missing(source, expected - set(dataset.table.classes.tolist()))
    few = len(source) <= LOOKS
    seen, readable = set(), 0
    for index in np.linspace(0, len(source) - 1, min(LOOKS, len(source))).astype(int).tolist():
        try:
            seen |= shown_classes(source, index)
            readable += 1
        except BadFileError:
            if dataset.on_bad_sample == "raise":
                raise
        if expected <= seen or (seen and not few):
            break
    if seen or not readable:
        return _missing(source, expected - seen) if few and readable else None
    what = f"none of {'its' if few else f'{LOOKS} of its'} {len(source)} labels has a pixel of a class, all of them are ignored"
    raise UserError(f"The source {source.place}: {what}. Correct label_map, ignore or classes, or the labels.")


def shown_classes(source: SegmentationDataset | SeveralDatasets, index: int) -> set[int]:
    """Train ids in a label."""
    part, index = source.part(index) if isinstance(source, SeveralDatasets) else (source, index)
    path = part.label_path(index)
    counts = np.bincount(part.train_ids(part.ids_of(read_encoded(path)), path).ravel())
    return set(np.nonzero(counts[:IGNORE])[0].tolist())


def _missing(source: SegmentationDataset | SeveralDatasets, missing: set[int]) -> str | None:
    if not missing:
        return None
    names = ", ".join(source.classes[train_id] for train_id in sorted(missing))
    return f"No label of the source {source.place} has a pixel of: {names}. No network learns these classes from it."
