"""Class-aware sampling: source images of classes that were seen less are drawn more often (the published code of FADA).

Letters: K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.several import SeveralDatasets
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive

PART = 3000
"""Draws after which all classes count as unseen again."""


@dataclass(frozen=True, kw_only=True)
class ClassAwareOptions:
    """The dictionary ``class_aware_sampling`` of a config.

    Attributes:
        draws: least length of the list of source files, which is drawn before the training and comes again at its end. Published:
            500,000 for trainings of 160,000 source images.
        min_pixels: a file is one of a class with *more* pixels of it than this, at native size.
    """

    draws: Positive[int] = 500_000
    min_pixels: NonNegative[int] = 0


def class_aware_list(files: Sequence[Sequence[int]], draws: int, rng: np.random.RandomState) -> np.ndarray:
    """Draws a class with the weight 1 / log(1.01 + its share of what was seen), takes its next file, and so on.

    All classes of a drawn file were seen then. As published, what was seen is forgotten every :data:`PART` draws, and a class whose
    files have all been taken goes on with the *second* of its files in another order.

    Args:
        files: of each class, in their order.
        draws: least number; the list has the next multiple of :data:`PART` above it.
        rng: NumPy's old generator, whose draws are the published ones.

    Returns:
        indices of files, int64.
    """
    orders = [list(own) for own in files]
    positions, present = [0] * len(orders), np.array([bool(own) for own in orders], float)
    classes_of: dict[int, list[int]] = {}
    for train_id, own in enumerate(orders):
        for index in own:
            classes_of.setdefault(index, []).append(train_id)
    chosen = []
    for _ in range(draws // PART + 1):
        seen, total = np.zeros(len(orders)), 0
        for _ in range(PART):
            train_id = _choice(present / np.log(1.01 + seen / max(total, 1)), rng)
            own = orders[train_id]
            if positions[train_id] == len(own):
                rng.shuffle(own)
                positions[train_id] = min(1, len(own) - 1)
            index = own[positions[train_id]]
            positions[train_id] += 1
            chosen.append(index)
            seen[classes_of[index]] += 1
            total += len(classes_of[index])
    return np.asarray(chosen)


def _choice(weights: np.ndarray, rng: np.random.RandomState) -> int:
    """What ``rng.choice`` draws, several times faster for few weights."""
    sums = (weights / weights.sum()).cumsum()
    return int((sums / sums[-1]).searchsorted(rng.random_sample(), side="right"))


def image_level_counts(chosen: Sequence[int], files: Mapping[int, Sequence[tuple[int, int]]], classes: int, minimum: int) -> np.ndarray:
    """How many of the drawn images show each class: the source prior that a training with such a list really sees, int64 [K].

    Args:
        chosen: indices of files.
        files: of each class (file index, pixels).
        classes: K.
        minimum: an image shows a class with more pixels than this.
    """
    times = np.bincount(chosen)
    counts = np.zeros(classes, np.int64)
    for train_id, own in files.items():
        counts[train_id] = sum(int(times[index]) for index, pixels in own if pixels > minimum and index < len(times))
    return counts


def draw_class_aware_list(dataset: SegmentationDataset | SeveralDatasets, options: ClassAwareOptions, seed: int) -> np.ndarray:
    """The list of a training, in a new order as its loader had it.

    Args:
        dataset: its class statistics are read or counted.
        options: of the config.
        seed: of the list and of its order.

    Raises:
        UserError: statistics are missing, or no label has enough pixels of a class.
    """
    found = dataset.class_statistics().files
    classes = range(len(dataset.classes))
    every = [[index for index, pixels in found.get(train_id, ()) if pixels > options.min_pixels] for train_id in classes]
    if not any(every):
        text = f"no label in {dataset.place} has more than {options.min_pixels} pixels of a class"
        raise UserError(f"class_aware_sampling: {text}. Lower min_pixels, or correct the labels.")
    rng = np.random.RandomState(seed % 2**32)
    chosen = class_aware_list(every, options.draws, rng)
    rng.shuffle(chosen)
    return chosen
