"""Turns raw labels into train ids and counts the pixels of every class for rare-class sampling."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmseg.datasets.classes.names import CLASSES, IGNORE, train_id_lut
from mmseg.datasets.conversion.raw_labels import LabelFile, RawLabels
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.datasets.statistics.files import is_complete, write_statistics
from mmseg.utils.computing.progress import mapped
from mmseg.utils.errors import UserError
from mmseg.utils.storage.images import write_image


@dataclass(frozen=True)
class Counts:
    """What one label contains: pixels by train id, and pixels of raw ids that no label table knows; whether it was written."""

    file: LabelFile
    written: bool
    pixels: Mapping[int, int]
    unknown: Mapping[int, int]


@dataclass(frozen=True)
class Summary:
    """What a conversion did, for one line per fact on the console."""

    files: int
    counted: int
    written: int
    published: int | None = None
    classes: tuple[str, ...] = ()
    known: tuple[str, ...] = CLASSES
    unknown: Mapping[int, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """The summary as text."""
        if not self.written and not self.classes:
            yield f"Nothing to do: all {self.files} labels and their class statistics are up to date."
            return
        yield f"{self.files} labels, {self.written} of them newly written, {self.counted} in the class statistics."
        if self.published not in (None, self.files):
            yield f"The published data set has {self.published} labels."
        missing = [name for name in self.known if name not in self.classes]
        yield f"{len(self.classes)} of {len(self.known)} classes occur" + (f"; absent: {', '.join(missing)}." if missing else ".")
        for raw_id, pixels in sorted(self.unknown.items()):
            yield f"Unknown label id {raw_id}: {pixels} pixels, ignored."


def convert_file(file: LabelFile, *, raw: RawLabels) -> Counts:
    """Writes the train ids of one label unless they are up to date, and counts the pixels of its classes."""
    ids = raw.read(file.source, raw.fix)
    label = train_id_lut(raw.label_map)[ids]
    outdated = file.output != file.source and not (file.is_current and _holds(file.output, label))
    if outdated:
        write_image(file.output, label)
    pixels = {train_id: int(n) for train_id, n in enumerate(np.bincount(label.ravel(), minlength=256)) if n and train_id != IGNORE}
    unknown = {raw_id: int(n) for raw_id, n in enumerate(np.bincount(ids.ravel(), minlength=256)) if n and raw_id not in raw.known}
    return Counts(file, outdated, pixels, unknown)


def convert_dataset(*, root: Path, raw: RawLabels, nproc: int, folder: str | None = None, out_dir: Path | None = None) -> Summary:
    """Converts all labels and writes the files of the class statistics; does nothing where everything is up to date.

    Args:
        root: data root; the statistics name their files relative to it.
        raw: the labels to convert.
        nproc: worker processes; 1 works in this one.
        folder: label folder inside ``root``, that of ``raw`` by default.
        out_dir: folder of the statistics files, ``root`` by default.

    Raises:
        UserError: there are no labels, or one is broken. Labels converted so far stay, each of them whole; no statistics are written.
    """
    files = raw.find(root, folder or raw.layout.labels)
    out_dir = out_dir or root
    counted = sum(file.counted for file in files)
    names = {_name(file, root) for file in files if file.counted}
    if all(file.is_current for file in files) and is_complete(root, names, out_dir):
        return Summary(files=len(files), counted=counted, written=0)
    work = functools.partial(convert_file, raw=raw)
    counts = list(mapped(work, files, nproc=nproc, title=f"Converting {root.name}", out=root))
    write_statistics(root, {_name(c.file, root): c.pixels for c in counts if c.file.counted}, out_dir)
    written = sum(c.written for c in counts)
    seen = {train_id for c in counts for train_id in c.pixels}
    unknown: dict[int, int] = {}
    for raw_id, pixels in (item for c in counts for item in c.unknown.items()):
        unknown[raw_id] = unknown.get(raw_id, 0) + pixels
    occurring = tuple(raw.classes[train_id] for train_id in sorted(seen))
    return Summary(
        files=len(files),
        counted=counted,
        written=written,
        published=raw.published,
        classes=occurring,
        known=raw.classes,
        unknown=unknown,
    )


def _holds(path: Path, label: np.ndarray) -> bool:
    """Whether a file is whole and has these train ids; an older label map, or somebody's editor, may have written others."""
    try:
        return np.array_equal(read_label_ids(path), label)
    except UserError:
        return False


def _name(file: LabelFile, root: Path) -> str:
    """How the statistics call a label: relative to the data root, with forward slashes."""
    return file.output.relative_to(root).as_posix()
