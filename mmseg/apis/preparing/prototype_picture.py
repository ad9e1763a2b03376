"""The picture of a file of prototypes: where they lie among features, and what balancing does to the assignment of features.

Letters: N features, C channels, K classes.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mmseg.models.uda import UDAMethod
from mmseg.models.uda.self_labelling.prototypes import cosine_scores
from mmseg.models.uda.self_labelling.sinkhorn import balanced_assignment
from mmseg.utils.products.prototype_file import Prototypes
from mmseg.utils.storage.images import write_image
from mmseg.visualization.pictures.prototypes import prototype_picture

EPSILON, ITERATIONS = 0.05, 3
"""Of the assignment, as CPSL makes it."""


def assignment_shares(features: Tensor, prototypes: Prototypes) -> tuple[dict[str, Tensor], Tensor]:
    """How much of some features each class gets, before and after balancing.

    Args:
        features: [N, C].
        prototypes: of K classes.

    Returns:
        by the name of the way, shares [K]; and the balanced class of each feature, int64 [N].
    """
    scores = cosine_scores(features, prototypes.vectors)
    missing = prototypes.counts == 0
    nearest = scores.masked_fill(missing, -2).argmax(dim=1)  # below every cosine
    marginal = prototypes.distribution.masked_fill(missing, 0)
    balanced = balanced_assignment(scores, marginal / marginal.sum(), epsilon=EPSILON, iterations=ITERATIONS)
    shares = {
        "nearest prototype": torch.bincount(nearest, minlength=len(missing)) / len(features),
        "balanced assignment": balanced.mean(dim=0),
        "predicted by the network": prototypes.distribution,
    }
    return shares, balanced.argmax(dim=1)


def draw_prototypes(path: Path, prototypes: Prototypes, features: Tensor, method: UDAMethod) -> None:
    """Writes the picture as a PNG.

    Args:
        path: of the file.
        prototypes: what is drawn.
        features: [N, C], of single pixels.
        method: knows names and colours of the classes.
    """
    shares, label = assignment_shares(features, prototypes)
    named = {name: values.tolist() for name, values in shares.items()}
    has_prototype = prototypes.counts > 0
    write_image(
        path,
        prototype_picture(
            method.classes, method.palette, features.numpy(), label.numpy(), prototypes.vectors.numpy(), named, has_prototype.numpy()
        ),
    )
