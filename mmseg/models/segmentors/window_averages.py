"""What is averaged where windows of an image overlap: logits, as HRDA and mmsegmentation do, or probabilities, as VFM-UDA does.

The mean of logits is a geometric mean of probabilities, in which one window that excludes a class decides; the mean of probabilities is
a vote.

Letters: B images, K classes, (H, W) image, (h, w) window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import torch
from torch import Tensor

from mmseg.structures import Box, average_windows

Average = Literal["logits", "probabilities"]


def log_probabilities(means: Tensor) -> Tensor:
    """Logits whose softmax are these probabilities [B, K, H, W]; 0 becomes the smallest number's logarithm."""
    return means.clamp_(min=torch.finfo(means.dtype).tiny).log_()


def averaged(windows: Iterable[Tensor], boxes: Sequence[Box], size: Sequence[int], kinds: Sequence[tuple[int, Average]]) -> Tensor:
    """:func:`average_windows` of logits, or of their probabilities.

    Args:
        windows: [B, channels, h, w], one after the other.
        boxes: where they are.
        size: (H, W).
        kinds: channels and what is averaged, for one map of logits behind the other; together all channels.

    Returns:
        logits [B, channels, H, W]: of probabilities those whose softmax is their mean.
    """
    if all(kind == "logits" for _, kind in kinds):
        return average_windows(windows, boxes, *size)
    channels = [count for count, _ in kinds]

    def each(maps: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        parts = zip(maps.split(channels, dim=1), kinds, strict=True)
        return torch.cat([change(part) if kind == "probabilities" else part for part, (_, kind) in parts], dim=1)

    means = average_windows((each(window, lambda part: part.softmax(dim=1)) for window in windows), boxes, *size)
    return each(means, log_probabilities)
