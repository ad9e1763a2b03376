"""Fitting the temperature of a network on labelled images, such as those of the source.

Letters: N pixels, K classes, (H0, W0) native size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import IGNORE
from mmseg.evaluation.trust.counts import confidence_counts
from mmseg.evaluation.trust.measures import reliability
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError, naming
from mmseg.utils.randomness import Streams

PIXELS = 4096
"""Drawn of each image: neighbours say the same, and the logits of whole images do not fit into memory."""
RANGE = (0.05, 20.0)
"""Of temperatures: beyond, the loss no longer changes."""


@dataclass(frozen=True)
class Sampled:
    """Pixels of labelled images.

    Attributes:
        scores: float32 [N, K], logits or logarithms of probabilities.
        labels: int64 [N], class indices.
        images: their number.
    """

    scores: Tensor
    labels: Tensor
    images: int

    def loss(self, temperature: float) -> float:
        """Mean negative log likelihood of the labels."""
        return float(torch.nn.functional.cross_entropy(self.scores.double() / temperature, self.labels))

    def calibration_error(self, temperature: float) -> float:
        """ECE in percent, see :func:`mmseg.evaluation.trust.measures.reliability`."""
        confidence, prediction = (self.scores / temperature).softmax(dim=1).max(dim=1)
        return 100 * reliability(confidence_counts(prediction, self.labels, confidence, IGNORE)).error


def evenly(count: int, wanted: int) -> range | list[int]:
    """Indices of ``wanted`` of ``count`` images, spread evenly; all where there are fewer."""
    return range(count) if wanted >= count else [index * count // wanted for index in range(wanted)]


@torch.no_grad()
def sample_pixels(method: UDAMethod, dataset: SegmentationDataset, images: int) -> Sampled:
    """Scores and labels of drawn pixels.

    Args:
        method: of :func:`mmseg.apis.init_model`.
        dataset: labelled, as the network looks at its images.
        images: how many of them at most.

    Raises:
        UserError: no pixel has a label.
        NotFiniteError: the network gives NaN for an image.
    """
    scores, labels, chosen = [], [], evenly(len(dataset), images)
    for index in progress(chosen):
        sample = dataset[index]
        label = sample["label"].flatten()
        with naming(sample["path"]):
            looks = method.looks(sample["image"][None])
            native = method.native_scores(looks, sample["native_size"].tolist())
            check_finite(native)
        logarithms = native if len(looks) == 1 else native.clamp(min=torch.finfo(native.dtype).tiny).log()
        place = drawn_pixels(label, method.seed, index)
        scores.append(logarithms.flatten(1)[:, place.to(native.device)].T.float().cpu())
        labels.append(label[place].long())
    if not sum(map(len, labels)):
        raise UserError(f"No pixel of {dataset.place} has a label, so there is nothing to fit to. Give labelled images with --data FILE.")
    return Sampled(torch.cat(scores), torch.cat(labels), len(chosen))


def drawn_pixels(label: Tensor, seed: int, index: int) -> Tensor:
    """Places of labelled pixels of the ``index``-th label [H0 * W0], at most :data:`PIXELS`: int64 [n]."""
    known = (label != IGNORE).nonzero()[:, 0]
    if len(known) <= PIXELS:
        return known
    rng = Streams(seed, index).numpy("temperature")
    return known[torch.from_numpy(np.sort(rng.choice(len(known), PIXELS, replace=False)))]


def fit_temperature(sampled: Sampled) -> float:
    """The temperature with the smallest loss, from 0.05 to 20. The loss is convex in 1 / T, so there is one."""
    bounds = tuple(np.log(RANGE))
    found = minimize_scalar(
        lambda logarithm: sampled.loss(float(np.exp(logarithm))), bounds=bounds, method="bounded", options={"xatol": 1e-5}
    )
    return float(np.exp(found.x))


def fitted(sampled: Sampled, origin: dict[str, Any]) -> dict[str, Any]:
    """The content of the file: the temperature, and loss and calibration error in percent before and after."""
    value = fit_temperature(sampled)
    return {
        "temperature": value,
        "loss": {"before": sampled.loss(1.0), "after": sampled.loss(value)},
        "ECE": {"before": sampled.calibration_error(1.0), "after": sampled.calibration_error(value)},
        "images": sampled.images,
        "pixels": len(sampled.labels),
        **origin,
    }
