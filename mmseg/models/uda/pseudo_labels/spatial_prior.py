"""Small islands are no pseudo-labels: connected pixels of a class count only together (Wu & Liu, NeurIPS 2022, spatial aggregation prior).

Letters: B images, K classes, (H, W) map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, PseudoLabels, TargetContext
from mmseg.registry import LABELING_STAGES
from mmseg.structures.batches import LABELS
from mmseg.structures.places import CropPlace
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, Share, Some

PUBLISHED_SIZE = (1280, 760)
"""(w, h) of the images whose pixels the published thresholds count."""


def class_thresholds(frequencies: Sequence[float], base: float, range: float) -> np.ndarray:
    """The smallest component of each class: what is frequent in the source is large where it is right.

    Args:
        frequencies: [K], shares of the classes in the source; those of 0 are not taken for the rarest.
        base: of the rarest class, in pixels (published: 50 for 16 classes).
        range: how much more the most frequent one has (published: 4950 for 16 classes).

    Returns:
        float64 [K]: base + range * (N - N_min) / (N_max - N_min), and base for a class of frequency 0.
    """
    given = np.asarray(frequencies, np.float64)
    shown = given[given > 0]
    low, high = (shown.min(), shown.max()) if shown.size else (0.0, 0.0)
    return base + range * (given.clip(min=low) - low) / max(high - low, np.finfo(np.float64).tiny)


def spatial_prior(labels: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Drops the components of equal class that are too small, whole.

    The components are 8-connected, and the edges of the map are walls. All classes are searched at once: horizontal runs of equal labels
    are joined with those that they touch in the row above, which looks at each pixel a few times however many classes there are.

    Args:
        labels: uint8 [H, W], train ids, and 255, which belongs to no component.
        thresholds: [K], pixels; a component of exactly so many stays. 0 and 1 keep everything.

    Returns:
        uint8 [H, W], 255 in place of what is dropped.
    """
    from scipy.sparse import coo_matrix  # trainings without the prior do without
    from scipy.sparse.csgraph import connected_components

    begins = np.ones(labels.shape, bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=begins[:, 1:])
    first = np.flatnonzero(begins)
    lengths = np.diff(first, append=labels.size)
    runs = (np.cumsum(begins, dtype=np.int32) - 1).reshape(labels.shape)
    upper, lower = (np.concatenate(ends) for ends in zip(*(_touching(labels, begins, runs, shift) for shift in (-1, 0, 1)), strict=True))
    graph = coo_matrix((np.ones(len(upper), bool), (upper, lower)), shape=(len(first), len(first)))
    component = connected_components(graph, directed=False)[1]
    pixels = np.bincount(component, weights=lengths)[component]
    limits = np.zeros(LABELS)
    limits[: len(thresholds)] = thresholds
    of_runs = labels.ravel()[first]
    return np.repeat(np.where(pixels < limits[of_runs], IGNORE, of_runs).astype(np.uint8), lengths).reshape(labels.shape)


def _touching(labels: np.ndarray, begins: np.ndarray, runs: np.ndarray, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Runs of equal labels that touch between rows: below, ``shift`` columns to the right. Once where the two begin to touch is enough."""
    width = labels.shape[1]
    above = slice(None, -1), slice(max(-shift, 0), width - max(shift, 0))
    below = slice(1, None), slice(max(shift, 0), width - max(-shift, 0))
    starting = begins[above] | begins[below]
    starting[:, :1] = True
    touch = starting & (labels[above] == labels[below])
    return runs[above][touch], runs[below][touch]


@LABELING_STAGES.register_module()
class SpatialPrior(LabelingStage):
    """Pixels of small components have no weight; see :func:`spatial_prior`.

    The components are those of the crop, whose edges are walls. They are searched on the CPU, also where the batch is on a GPU, which then
    waits: per 1024x1024 crop some 20 ms.

    Args:
        num_classes: K, which the method gives.
        thresholds: smallest component of each class [K], or one number for all of them, in pixels of an image of 1280 x 760; scaled by the
            area of the resized images that the crops are cut from.
        confidence: pixels of which the teacher is less sure belong to no component and have no weight; published: 0.9. 0 keeps all.

    Raises:
        UserError: there are thresholds for another number of classes.
    """

    def __init__(self, *, num_classes: Positive[int], thresholds: Some[NonNegative[float]], confidence: Share = 0.0) -> None:
        self.thresholds, self.confidence = per_class(thresholds, num_classes, "SpatialPrior(thresholds=…)"), confidence

    def at_the_end(self, pseudo: PseudoLabels, target: TargetContext) -> PseudoLabels:
        """Takes the weights away; pixels that already have none belong to no component.

        Raises:
            UserError: the loader does not say where crops lie.
        """
        places = target.batch.target_place
        if places is None:
            fix = "Add target_place=True to train_dataloader.dataset"
            raise UserError(f"SpatialPrior counts pixels of the whole image, but the loader does not tell of it. {fix}.")
        counted = (pseudo.weights > 0) & (pseudo.confidence >= self.confidence)
        maps = torch.where(counted, pseudo.labels, IGNORE).to(torch.uint8).cpu().numpy()
        kept = [spatial_prior(label, scaled(self.thresholds, place)) != IGNORE for label, place in zip(maps, places, strict=True)]
        keeps = torch.from_numpy(np.stack(kept)).to(pseudo.weights.device)
        return replace(pseudo, weights=torch.where(keeps, pseudo.weights, 0))


def per_class(thresholds: Sequence[float], num_classes: int, asker: str) -> np.ndarray:
    """Thresholds float64 [K], of which one may stand for all.

    Raises:
        UserError: there are some for another number of classes; ``asker`` opens the error.
    """
    given = np.asarray(thresholds, np.float64)
    if len(given) not in (1, num_classes):
        fix = f"Give {num_classes} numbers, or one for all"
        raise UserError(f"{asker}: {len(given)} smallest components are given, but the network has {num_classes} classes. {fix}.")
    return np.broadcast_to(given, num_classes)


def scaled(thresholds: np.ndarray, place: CropPlace) -> np.ndarray:
    """Thresholds of an image of 1280 x 760 for the image that a crop was cut from: as many times as large as its area."""
    return thresholds * (place.resized[0] * place.resized[1] / (PUBLISHED_SIZE[0] * PUBLISHED_SIZE[1]))
