"""The straightforward spatial prior: a search of components for every class on the whole map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmseg.datasets.classes.names import IGNORE


def plain_spatial_prior(labels: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """As :func:`mmseg.models.uda.pseudo_labels.spatial_prior.spatial_prior`: uint8 [H, W] -> [H, W]."""
    from scipy import ndimage

    result = labels.copy()
    for train_id, threshold in enumerate(thresholds):
        component, _ = ndimage.label(labels == train_id, structure=np.ones((3, 3)))
        small = np.bincount(component.ravel()) < threshold
        small[0] = False  # what is of another class
        result[small[component]] = IGNORE
    return result
