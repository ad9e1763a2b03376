"""How much the label of a pixel or of a region would teach (RIPU, Xie et al., CVPR 2022): region impurity and prediction uncertainty.

Everything is a function of the logits [K, H, W] of one image at the resolution at which labels are given; of probabilities p, give
log p. Entropies are those of the published code: every logarithm carries + 1e-6. A window has a side of 2 * radius + 1 pixels and ends
where the image does: sums run over what is inside, and means are over as many pixels. A window may be larger than the image.

Letters: K classes, (H, W) pixels of the image, p probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32

EPSILON = 1e-6
PUBLISHED_NORMALISER = math.log(19)
"""What the published code divides both factors of a region's score by, whatever the number of classes."""
BAND = 2**15
"""Pixels that are computed at a time, in whole rows: the probabilities of their classes stay in the cache of a processor."""
BANDS_OF_A_PART = 16
"""Windows are counted in so many bands at a time: fresh memory for the counts of a whole image takes longer than counting."""


def rows_of_band(width: int) -> int:
    """How many rows of an image are computed at a time."""
    return max(BAND // width, 1)


def bands(logits: Tensor) -> Iterator[Tensor]:
    """Probabilities of the rows of an image, some at a time: float32 [K, rows, W]."""
    return (at_least_float32(rows).softmax(0) for rows in logits.detach().split(rows_of_band(logits.shape[2]), dim=1))


def entropy(probabilities: Tensor) -> Tensor:
    """-sum p ln(p + 1e-6) in nats: [K, H, W] -> [H, W]; ln K where all classes are as likely, about 0 where one is certain."""
    return probabilities.add(EPSILON).log_().mul_(probabilities).sum(0).neg_()


def hard_prediction(probabilities: Tensor) -> Tensor:
    """The most likely class, the first of several: [K, H, W] -> uint8 [H, W]; K is 255 at most."""
    classes = len(probabilities)
    from_behind = torch.arange(classes, 0, -1, dtype=probabilities.dtype, device=probabilities.device)[:, None, None]
    # On the CPU twenty times as fast as argmax over this dimension; a comparison into floats is vectorised, one into bools is not.
    largest = torch.eq(probabilities, probabilities.amax(0), out=torch.empty_like(probabilities))
    return (classes - largest.mul_(from_behind).amax(0)).to(torch.uint8)


def least_confidence(probabilities: Tensor) -> Tensor:
    """1 - max p: [K, H, W] -> [H, W] in [0, 1 - 1 / K]."""
    return 1 - probabilities.amax(0)


def by_pixel(score: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    """A function of probabilities, such as :func:`entropy`, over a whole image: logits [K, H, W] -> float32 [H, W] on the CPU."""
    return torch.cat([score(probabilities) for probabilities in bands(logits)]).cpu()


def entropy_and_prediction(logits: Tensor) -> tuple[Tensor, Tensor]:
    """:func:`entropy` and :func:`hard_prediction` of an image, on the CPU: [K, H, W] -> float32 and uint8 [H, W]."""
    pairs = [(entropy(probabilities), hard_prediction(probabilities)) for probabilities in bands(logits)]
    entropies, predictions = zip(*pairs, strict=True)
    return torch.cat(entropies).cpu(), torch.cat(predictions).cpu()


def class_counts(prediction: Tensor, rows: slice, radius: int, out: np.ndarray) -> Tensor:
    """How many pixels of each class the windows of some rows have: whole numbers.

    Args:
        prediction: uint8 [H, W] in 0..K-1, on the CPU.
        rows: those that are meant, with start and stop.
        radius: of the window in pixels, 0 or more.
        out: float32 [K, ., W] to compute in, with ``radius`` more rows than are meant above and below, or H.

    Returns:
        float32 [K, rows, W], a part of ``out``.
    """
    first = max(rows.start - radius, 0)
    strip = prediction.numpy()[first : rows.stop + radius]
    side = 2 * min(radius, max(prediction.shape)) + 1  # a window that holds the whole image from everywhere is large enough
    window = {"ksize": (side, side), "normalize": False, "borderType": cv2.BORDER_CONSTANT}  # zeros outside
    for label, count in enumerate(out[:, : len(strip)]):
        # OpenCV moves a sum of integers along: exact, and its time does not depend on the radius.
        cv2.boxFilter((strip == label).view(np.uint8), cv2.CV_32F, dst=count, **window)
    return torch.from_numpy(out)[:, rows.start - first : rows.stop - first]


def window_sum(values: Tensor, radius: int) -> Tensor:
    """Sums over the window of every pixel: float32 [H, W] -> [H, W].

    They are added one after the other, from the left and from above, as the published convolution does. A sum that is moved along is
    more exact, but puts regions that the published scores do not tell apart in another order.
    """
    height, width = values.shape
    down, across = min(radius, height - 1), min(radius, width - 1)
    padded, total = F.pad(values, (across, across, down, down)), torch.zeros_like(values)
    for top in range(2 * down + 1):
        for left in range(2 * across + 1):
            total += padded[top : top + height, left : left + width]
    return total


def window_sizes(size: tuple[int, int], radius: int) -> Tensor:
    """How many pixels of an image (H, W) lie in the window of each: float32 [H, W]."""
    rows, columns = (_window_lengths(length, radius) for length in size)
    return rows[:, None] * columns


def _window_lengths(length: int, radius: int) -> Tensor:
    place = torch.arange(length, dtype=torch.float32)
    return (place + radius).clamp(max=length - 1) - (place - radius).clamp(min=0) + 1


def impurity(prediction: Tensor, *, classes: int, radius: int) -> Tensor:
    """Entropy of the classes that are predicted in the window of every pixel: -sum f ln(f + 1e-6) of their shares f, in nats.

    In a window of one class it is -ln(1 + 1e-6) = -9.537e-7 in float32, and not 0. A region's score is negative there, so that the less
    uncertain one of two such windows ranks higher (published).

    Args:
        prediction: uint8 [H, W] in 0..K-1, on the CPU.
        classes: K.
        radius: of the window in pixels.

    Returns:
        float32 [H, W].
    """
    height, width = prediction.shape
    band, sizes = rows_of_band(width), window_sizes(prediction.shape, radius)
    part = BANDS_OF_A_PART * band
    counts = np.empty((classes, min(part + 2 * radius, height), width), np.float32)
    made = []
    for top in range(0, height, part):
        rows = slice(top, min(top + part, height))
        pairs = zip(class_counts(prediction, rows, radius, counts).split(band, dim=1), sizes[rows].split(band), strict=True)
        made += [entropy(count / size) for count, size in pairs]
    return torch.cat(made)


def uncertainty(values: Tensor, radius: int) -> Tensor:
    """Mean over the window of every pixel, of its :func:`entropy` or of another score of single pixels.

    Args:
        values: float32 [H, W] on the CPU.
        radius: of the window in pixels; the time grows with its area.

    Returns:
        float32 [H, W] in the same unit.
    """
    return window_sum(values, radius) / window_sizes(values.shape, radius)


def region_score(logits: Tensor, *, radius: int, normaliser: float = PUBLISHED_NORMALISER) -> Tensor:
    """Impurity times uncertainty of the region around every pixel, both over ``normaliser``.

    Args:
        logits: [K, H, W].
        radius: of the region in pixels.
        normaliser: what both factors are divided by. ln K makes them shares of the largest entropy.

    Returns:
        float32 [H, W] on the CPU.
    """
    entropies, prediction = entropy_and_prediction(logits)
    uncertain = uncertainty(entropies / normaliser, radius)
    return impurity(prediction, classes=len(logits), radius=radius) / normaliser * uncertain


def pixel_score(logits: Tensor, *, radius: int) -> Tensor:
    """Entropy of every pixel times the impurity of its window, in nats: [K, H, W] -> float32 [H, W] on the CPU."""
    entropies, prediction = entropy_and_prediction(logits)
    return entropies * impurity(prediction, classes=len(logits), radius=radius)
