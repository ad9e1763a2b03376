"""What one image and its label are like: the part of the data check that decodes files.

Letters: (H, W) native size.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from mmseg.datasets import FolderDataset, SegmentationDataset
from mmseg.datasets.conversion.convert import progress_bar
from mmseg.datasets.reading.image_files import read_bytes, read_unchanged
from mmseg.datasets.reading.raw_ids import MODES
from mmseg.utils.errors import UserError


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file or a folder.

    Attributes:
        kind: one of :data:`mmseg.apis.checking.data.FATAL` or :data:`mmseg.apis.checking.data.HARMLESS`.
        path: the file or folder.
        text: one line with the path that ends with the fix.
    """

    kind: str
    path: str
    text: str


@dataclass(frozen=True)
class PairFacts:
    """One image and, where there is one, its label.

    Attributes:
        index: of the image in its data set.
        size: (H, W) of the image; None where it cannot be decoded.
        label_mode: Pillow's name of the label's pixels, such as 'L' (8-bit grey), 'P' (palette) or 'I;16'; None without a label.
        pixels: labelled pixels by train id, without 255; empty where there is no readable label.
        problems: what is wrong with either file.
    """

    index: int
    size: tuple[int, int] | None
    label_mode: str | None
    pixels: Mapping[int, int]
    problems: tuple[Problem, ...]


def inspect_pair(dataset: SegmentationDataset, index: int, *, with_label: bool) -> PairFacts:
    """Decodes an image and its label as a training does, and collects everything that is wrong instead of raising."""
    problems, image, label = [], None, None
    try:
        image = dataset.images.read(index)
    except UserError as error:
        problems.append(Problem("broken image", str(dataset.images.path(index)), str(error)))
    size = None if image is None else image.shape[:2]
    if not with_label:
        return PairFacts(index, size, None, {}, tuple(problems))
    path = dataset.label_path(index)
    try:
        label = dataset.read_label(index)
        if image is not None:
            dataset.check_same_size(index, image, label)
    except UserError as error:
        kind = "size mismatch" if label is not None else label_problem(path, MODES if isinstance(dataset, FolderDataset) else ("L",))
        problems.append(Problem(kind, str(path), str(error)))
    pixels = {} if label is None else class_pixels(label, len(dataset.classes))
    return PairFacts(index, size, label_mode(path), pixels, tuple(problems))


def label_problem(path: Path, modes: Sequence[str]) -> str:
    """Why a label that its data set refuses cannot be used, as the kind of a :class:`Problem`.

    Args:
        path: the label.
        modes: Pillow's names of the pixels that the data set reads.
    """
    try:
        read_unchanged(path)
    except UserError:
        return "broken label"
    return "unknown id" if label_mode(path) in modes else "label format"


def label_mode(path: Path) -> str | None:
    """Pillow's name for the pixels of an image file; None where it is no image. Decodes nothing."""
    try:
        with Image.open(io.BytesIO(read_bytes(path))) as image:
            return image.mode
    except (UserError, OSError, SyntaxError, ValueError):  # Pillow raises SyntaxError for a broken PNG chunk
        return None


def class_pixels(label: np.ndarray, num_classes: int) -> dict[int, int]:
    """Pixels by train id of a label uint8 [H, W]; what is ignored is not counted."""
    counts = np.bincount(label.ravel(), minlength=num_classes)[:num_classes]
    return {train_id: int(count) for train_id, count in enumerate(counts) if count}


class _Pairs(Dataset):
    """The facts of some images, for a loader that works in several processes."""

    def __init__(self, dataset: SegmentationDataset, indices: Sequence[int], without_label: frozenset[int]) -> None:
        self.dataset, self.indices, self.without_label = dataset, indices, without_label

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> PairFacts:
        index = self.indices[position]
        with_label = self.dataset.labelled and index not in self.without_label
        return inspect_pair(self.dataset, index, with_label=with_label)


def inspect_pairs(
    dataset: SegmentationDataset, indices: Sequence[int], *, without_label: frozenset[int], nproc: int, title: str
) -> list[PairFacts]:
    """The facts of the images ``indices``, in their order, from ``nproc`` processes under a progress bar with the time left.

    Args:
        dataset: images and labels.
        indices: of the images to read.
        without_label: indices of images whose label is missing, which is a problem of the whole data set.
        nproc: worker processes; 1 works in this one.
        title: of the progress bar.
    """
    workers = nproc if nproc > 1 else 0
    loader = DataLoader(_Pairs(dataset, indices, without_label), batch_size=None, num_workers=workers, collate_fn=_unchanged)
    with progress_bar() as bar:
        return list(bar.track(loader, total=len(indices), description=title))


def _unchanged(facts: PairFacts) -> PairFacts:
    return facts
