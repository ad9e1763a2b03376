"""How often classes occur in the source and in the target, image by image (label shift adaptation, Liu et al., CVPR 2022, section 3.3).

A prior is kept as counts of images and normalised where it is used.

Letters: N images, K classes, (H, W) pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor
from typing_extensions import TypedDict

from mmseg.utils.errors import UserError
from mmseg.utils.products.header import TOOLS, Header, check_header, read_header
from mmseg.utils.products.json_file import PRODUCT, Count

FLOOR = 1e-8
"""The smallest share of a class: a count of 0 would make its correction infinite."""
MIN_PIXELS = 1000
"""n_s: an image shows a class with more pixels than this, at the native size of the label. With 1000 alone, the labels of Synthia give
the published counts of all classes."""


def normalised(counts: Sequence[float]) -> np.ndarray:
    """Counts [K] as shares, float64, of at least :data:`FLOOR`."""
    counts = np.asarray(counts, np.float64)
    return np.maximum(counts / counts.sum(), FLOOR)


def log_ratio(source: Sequence[float], target: Sequence[float]) -> np.ndarray:
    """log(P_t / P_s) of every class, float64 [K]; 0 for a class that the source does not show, of which nothing is known.

    Args:
        source, target: counts [K].
    """
    return np.where(np.asarray(source) > 0, np.log(normalised(target)) - np.log(normalised(source)), 0.0)


def source_counts(pixels: np.ndarray, minimum: int = MIN_PIXELS) -> np.ndarray:
    """I_s: whether an image shows more than ``minimum`` pixels of a class, summed over the images.

    Args:
        pixels: [N, K], of each class in each label.
        minimum: n_s; a class of exactly so many pixels does not count.

    Returns:
        int64 [K].
    """
    return (np.asarray(pixels) > minimum).sum(axis=0)


def image_scores(logits: Tensor) -> Tensor:
    """p_i (equation 17): the logarithm of the mean over the pixels of exp(softmax).

    As in the published code, the exponential is of *probabilities*, so that a score lies between the mean probability and 1; and it is
    compared with a share of pixels that is not a logarithm.

    Args:
        logits: [N, K, H, W], enlarged to the size at which images are counted.

    Returns:
        float32 [N, K].
    """
    return logits.float().softmax(dim=1).exp().mean(dim=(2, 3)).log()


def shown_in_target(scores: Tensor, pixel_frequency: Sequence[float] | Tensor) -> Tensor:
    """I_t (equation 18): scores [N, K] above the share of the labelled pixels of the source [K], strictly; bool [N, K]."""
    return scores > torch.as_tensor(pixel_frequency, dtype=scores.dtype, device=scores.device)


Frequency = Annotated[float, Ge(0)]


class SourceCounts(TypedDict):
    """Of the source.

    Attributes:
        counts: images that show each class.
        pixel_frequency: share of each class in the labelled pixels.
    """

    __pydantic_config__ = PRODUCT

    counts: list[Count]
    pixel_frequency: list[Frequency]


class TargetCounts(TypedDict):
    """Of the target; ``counts`` as in :class:`SourceCounts`."""

    __pydantic_config__ = PRODUCT

    counts: list[Count]


class PriorsFile(Header):
    """The JSON file of ``tools/prepare/priors.py``; ``images`` are those of the target."""

    __pydantic_config__ = PRODUCT

    source: SourceCounts
    target: TargetCounts


@dataclass(frozen=True)
class ClassPriors:
    """What a file of priors says.

    Attributes:
        path: the file.
        classes: names by train id.
        source, target: counts [K].
        pixel_frequency: shares of the source's labelled pixels [K].
        images: number of images of the target.
    """

    path: str
    classes: tuple[str, ...]
    source: tuple[int, ...]
    target: tuple[int, ...]
    pixel_frequency: tuple[float, ...]
    images: int

    @cached_property
    def log_ratio(self) -> Tensor:
        """See :func:`log_ratio`; float32 [K]."""
        return torch.from_numpy(log_ratio(self.source, self.target)).float()

    @property
    def note(self) -> str | None:
        """Names the classes whose count is 0, and what becomes of them; None where there is none."""
        absent = [name for name, count in zip(self.classes, self.source, strict=True) if not count]
        unseen = [name for name, *counts in zip(self.classes, self.source, self.target, strict=True) if counts[0] and not counts[1]]
        said = [f"no image of the source shows {', '.join(absent)}: not corrected"] if absent else []
        said += [f"no image of the target shows {', '.join(unseen)}: taken for a share of {FLOOR:g}"] if unseen else []
        return f"{self.path}: {'; '.join(said)}" if said else None


def read_priors(path: str | Path, *, classes: Sequence[str] | None = None, num_classes: int | None = None) -> ClassPriors:
    """Reads a file of priors.

    Args:
        path: JSON file.
        classes: names that it has to be about, by train id; None takes any.
        num_classes: K of the network that it is for; None takes any.

    Raises:
        UserError: it is missing or broken, about other classes, or one of its lists has another length or nothing in it.
    """
    content = read_header(path, "priors", PriorsFile)
    check_header(content, path, kind="priors", classes=classes)
    source, target = content["source"], content["target"]
    count = len(content["classes"])
    again = f"Make it anew with {TOOLS['priors']}."
    if num_classes is not None and num_classes != count:
        raise UserError(f"{path} holds the priors of {count} classes, but the network has {num_classes}. Use those of its classes.")
    lists = {"source.counts": source["counts"], "target.counts": target["counts"], "source.pixel_frequency": source["pixel_frequency"]}
    for name, values in lists.items():
        if len(values) != count:
            raise UserError(f"{path}: {name} holds {len(values)} numbers for {count} classes. {again}")
        if not sum(values):
            raise UserError(f"{path}: {name} holds nothing but zeros, so there is no prior. {again}")
    frequency = tuple(map(float, source["pixel_frequency"]))
    counts = tuple(source["counts"]), tuple(target["counts"])
    return ClassPriors(str(path), tuple(content["classes"]), *counts, frequency, content["images"])
