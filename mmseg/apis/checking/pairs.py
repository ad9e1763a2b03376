"""What one image, its label and its depth are like: the part of the data check that decodes files.

Letters: (H, W) native size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Dataset

from mmseg.datasets import SegmentationDataset
from mmseg.datasets.loading.steady_loader import SteadyLoader
from mmseg.datasets.reading.depth_files import DepthFiles, read_raw_depth
from mmseg.datasets.reading.encoded import AGAIN, BadFormatError, DamagedError, Encoded, upright_label
from mmseg.datasets.reading.image_files import read_encoded
from mmseg.utils.computing.progress import progress_bar
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
    """One image and, where there are any, its label and its depth.

    Attributes:
        index: of the image in its data set.
        size: (H, W) of the upright image; None where it cannot be decoded.
        image_format: format, depth and bands of the image in words, and whether its EXIF entry turns it; None where it is none.
        label_format: the same of the label; None without a label.
        pixels: labelled pixels by train id, without 255; empty where there is no readable label.
        labelled: whether the label could be read.
        zeros: pixels of the depth 0; None where there is no readable depth.
        problems: what is wrong with any of the files.
    """

    index: int
    size: tuple[int, int] | None
    image_format: str | None
    label_format: str | None
    pixels: Mapping[int, int]
    labelled: bool
    zeros: int | None
    problems: tuple[Problem, ...]


def inspect_pair(dataset: SegmentationDataset, index: int, *, with_label: bool, with_depth: bool = False) -> PairFacts:
    """Decodes an image, its label and its depth as a training does, and collects everything that is wrong instead of raising."""
    problems: list[Problem] = []
    photo = image = file = label = None
    path = dataset.images.path(index)
    try:
        photo = dataset.images.encoded(index)
        image = photo.color()
    except UserError as error:
        kind = "image format" if isinstance(error, BadFormatError) else "broken image"
        problems.append(Problem(kind, str(path), str(error)))
    if image is not None and photo.has_a_hole():
        text = f"{path} is damaged in the middle: its decoder fills what is missing with grey. {AGAIN}"
        problems.append(Problem("damaged image", str(path), text))
    if with_label:
        path = dataset.label_path(index)
        try:
            file = read_encoded(path)
            label = dataset.train_ids(dataset.ids_of(file), path)
            if photo is not None:
                label = upright_label(label, file, photo)
            if image is not None:
                dataset.check_same_size(index, image, label)
        except UserError as error:
            problems.append(Problem(label_problem(error, file, label), str(path), str(error)))
    zeros = None
    if with_depth:
        zeros, found = inspect_depth(dataset.depths, index, photo and photo.upright_size)
        problems += found
    return PairFacts(
        index=index,
        size=None if image is None else image.shape[:2],
        image_format=photo and format_text(photo),
        label_format=file and format_text(file),
        pixels={} if label is None else class_pixels(label, len(dataset.classes)),
        labelled=label is not None,
        zeros=zeros,
        problems=tuple(problems),
    )


def inspect_depth(depths: DepthFiles, index: int, size: Sequence[int] | None) -> tuple[int | None, list[Problem]]:
    """Decodes the depth of an image of (H, W) pixels, or of an image whose size is not known.

    Returns:
        its pixels of the depth 0, None if it cannot be used; and why that is so.
    """
    raw, path = None, depths.path(index)
    try:
        raw = read_raw_depth(path)
        if size is not None:
            depths.check_size(index, raw, size)
    except UserError as error:
        return None, [Problem("broken depth" if raw is None else "depth size", str(path), str(error))]
    return raw.size - int(np.count_nonzero(raw)), []


def label_problem(error: UserError, file: Encoded | None, label: np.ndarray | None) -> str:
    """Why a label cannot be used, as the kind of a :class:`Problem`, from the error and what could be made of it until then."""
    if label is not None:
        return "size mismatch"
    if isinstance(error, BadFormatError):
        return "label format"
    return "broken label" if file is None or isinstance(error, DamagedError) else "unknown id"


def format_text(file: Encoded) -> str:
    """Format, depth and bands of a file in words."""
    return f"{file.header}{', turned by EXIF' if file.turned else ''}"


def class_pixels(label: np.ndarray, num_classes: int) -> dict[int, int]:
    """Pixels by train id of a label uint8 [H, W]; what is ignored is not counted."""
    counts = np.bincount(label.ravel(), minlength=num_classes)[:num_classes]
    return {train_id: int(count) for train_id, count in enumerate(counts) if count}


class _Pairs(Dataset):
    """The facts of some images, for a loader that works in several processes."""

    def __init__(
        self, dataset: SegmentationDataset, indices: Sequence[int], without_label: frozenset[int], without_depth: frozenset[int]
    ) -> None:
        self.dataset, self.indices, self.without_label, self.without_depth = dataset, indices, without_label, without_depth

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> PairFacts:
        index = self.indices[position]
        with_label = self.dataset.labelled and index not in self.without_label
        with_depth = self.dataset.has_depth and index not in self.without_depth
        return inspect_pair(self.dataset, index, with_label=with_label, with_depth=with_depth)


def inspect_pairs(
    dataset: SegmentationDataset,
    indices: Sequence[int],
    *,
    without_label: frozenset[int],
    without_depth: frozenset[int] = frozenset(),
    nproc: int,
    title: str,
) -> list[PairFacts]:
    """The facts of the images ``indices``, in their order, from ``nproc`` processes under a progress bar with the time left.

    Args:
        dataset: images and labels.
        indices: of the images to read.
        without_label, without_depth: indices of images whose label or depth is missing, which is a problem of the whole data set.
        nproc: worker processes; 1 works in this one.
        title: of the progress bar.
    """
    workers = nproc if nproc > 1 else 0
    pairs = _Pairs(dataset, indices, without_label, without_depth)
    loader = SteadyLoader(pairs, batch_size=None, num_workers=workers, collate_fn=_unchanged)
    with progress_bar() as bar:
        return list(bar.track(loader, total=len(indices), description=title))


def _unchanged(facts: PairFacts) -> PairFacts:
    return facts
