"""Whether the depth images of a data set are whole and fit its labels: counted once, when the labels are converted."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmseg.datasets.conversion.raw_labels import RawLabels
from mmseg.datasets.reading.depth_files import UNPACK_DEPTH, DepthFiles, read_raw_depth
from mmseg.datasets.reading.image_files import read_encoded
from mmseg.utils.computing.progress import mapped
from mmseg.utils.errors import UserError


@dataclass(frozen=True)
class DepthSummary:
    """What was found.

    Attributes:
        folder: of the depth images.
        files: number of images that should have one.
        missing: the files that do not exist.
        broken, missized: one line each about files that cannot be read, and about those of another size than their label.
        zeros: number of files with a pixel of the depth 0.
    """

    folder: Path
    files: int
    missing: Sequence[Path]
    broken: Sequence[str]
    missized: Sequence[str]
    zeros: int

    def lines(self) -> Iterator[str]:
        """The summary as text, one line per fact."""
        bad = len(self.missing) + len(self.broken) + len(self.missized)
        yield f"{self.files} depth images in {self.folder}: {self.files - bad} of them can be used."
        if self.missing:
            yield f"{len(self.missing)} missing, first {self.missing[0]}. {UNPACK_DEPTH}"
        if self.broken:
            yield f"{len(self.broken)} unreadable, first: {self.broken[0]}"
        if self.missized:
            yield f"{len(self.missized)} of another size than the label, first: {self.missized[0]}"
        if self.zeros:
            yield f"{self.zeros} with pixels of the depth 0, which a training takes for the nearest."


def check_depth(*, root: Path, depth_dir: str, raw: RawLabels, folder: str | None = None, nproc: int = 1) -> DepthSummary | None:
    """Decodes all depth images of a data set whose labels were found; None where it has no folder of them.

    Args:
        root: data root.
        depth_dir: folder of the depth images inside ``root``, each named like its raw label.
        raw: the labels.
        folder: label folder inside ``root``, that of ``raw`` by default.
        nproc: worker processes; 1 works in this one.
    """
    if not (root / depth_dir).is_dir():
        return None
    labels = raw.find(root, folder or raw.layout.labels)
    files = DepthFiles.named(root / depth_dir, [file.source.stem for file in labels])
    missing = set(files.missing())
    there = [(index, file.output) for index, file in enumerate(labels) if index not in missing]
    checked = list(mapped(functools.partial(_check, files), there, nproc=nproc, title=f"Checking {depth_dir}"))
    return DepthSummary(
        folder=files.folder,
        files=len(labels),
        missing=[files.path(index) for index in sorted(missing)],
        broken=[text for kind, text in checked if kind == "broken"],
        missized=[text for kind, text in checked if kind == "missized"],
        zeros=sum(kind == "zeros" for kind, _ in checked),
    )


def _check(files: DepthFiles, item: tuple[int, Path]) -> tuple[str, str]:
    """What is wrong with one file: 'broken', 'missized', 'zeros' or nothing, and the line about it."""
    index, label = item
    try:
        raw = read_raw_depth(files.path(index))
    except UserError as error:
        return "broken", str(error)
    try:
        files.check_size(index, raw, read_encoded(label).header.size)
    except UserError as error:
        return "missized", str(error)
    return ("", "") if raw.all() else ("zeros", "")
