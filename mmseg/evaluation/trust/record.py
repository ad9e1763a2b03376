"""Counts of a whole data set and of each of its weather conditions, over all processes of an evaluation.

Letters: L levels of confidence.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from mmengine.dist import all_gather_object, get_dist_info

from mmseg.evaluation.trust.counts import KINDS, LEVELS, confidence_counts

ALL = ""
"""Instead of the name of a condition."""


class TrustRecord:
    """Adds up :func:`confidence_counts` of the images that this process evaluates.

    Args:
        size: images of the data set. Process r of n sees the images r, r + n, … and may see some of the first again at the end, so that all
            processes have equally many; those are not counted twice.
        ignore_index: label that is not evaluated.
    """

    def __init__(self, size: int, ignore_index: int) -> None:
        self.size, self.ignore_index = size, ignore_index
        self.counts: dict[str, np.ndarray] = {}
        self.seen = 0

    def add(self, sample: Mapping) -> None:
        """Counts the next image of this process: ``prediction``, ``label``, ``confidence``, and where known ``objects``, ``condition``."""
        rank, processes = get_dist_info()
        index, self.seen = rank + self.seen * processes, self.seen + 1
        if index >= self.size:
            return
        values = (sample[key] for key in ("prediction", "label", "confidence"))
        on_device = [value.to(sample["prediction"].device) for value in values]
        objects = sample["objects"].to(sample["prediction"].device) if "objects" in sample else None
        found = confidence_counts(*on_device, self.ignore_index, objects)
        for part in (ALL, sample.get("condition")):
            if part is not None:
                self.counts[part] = self.counts.get(part, 0) + found

    def gather(self) -> dict[str, np.ndarray]:
        """The counts int64 [4, L] of all images under :data:`ALL`, and of each condition by its name; every process has to call this."""
        merged = {ALL: np.zeros((len(KINDS), LEVELS), np.int64)}
        for part in all_gather_object(self.counts):
            for name, counts in part.items():
                merged[name] = merged.get(name, 0) + counts
        return dict(sorted(merged.items()))
