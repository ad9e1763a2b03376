"""ClassMix (Olsson et al., 2021) across domains, as in DACS (Tranheden et al., 2021).

Letters: B images, C channels, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mmseg.registry import MIXINGS
from mmseg.structures import UDABatch, class_table


def draw_classes(rng: np.random.Generator, classes: Sequence[int], count: int) -> list[list[int]]:
    """Draws for each of ``count`` images half of ``classes`` (rounded up) without replacement."""
    classes = np.asarray(classes)
    size = (len(classes) + 1) // 2
    return [classes[rng.choice(len(classes), size, replace=False)].tolist() for _ in range(count)]


def class_masks(label: Tensor, chosen: Sequence[Sequence[int]]) -> Tensor:
    """Where the label is one of the chosen classes of its image: [B, H, W] -> bool [B, 1, H, W]."""
    return class_table(chosen, label.device).gather(1, label.flatten(1)).view_as(label).unsqueeze(1)


def paste(mask: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Source where the mask is set, target elsewhere; all [B, C, H, W], or [B, H, W] with a mask [B, 1, H, W]."""
    return torch.where(mask if source.dim() == 4 else mask.squeeze(1), source, target)


def draw_class_masks(rng: np.random.Generator, label: Tensor, classes: Sequence[int]) -> Tensor:
    """Masks of randomly chosen classes, bool [B, 1, H, W].

    The classes are those of the *whole batch*, 255 among them (published quirk): an image may be asked
    for classes that it does not show, and ignored regions are pasted like any class.

    Args:
        rng: generator of the mixing stream.
        label: [B, H, W] int64 source labels.
        classes: those that it shows, ascending: ``UDABatch.source_classes``.
    """
    return class_masks(label, draw_classes(rng, classes, len(label)))


def draw_donor(rng: np.random.Generator, batch: UDABatch) -> UDABatch:
    """The batch that is pasted from: itself, or with probability 1/2 with its labelled target crops in the place of the source."""
    if rng.random() < 0.5:
        return batch
    return replace(batch, source_image=batch.labeled_image, source_label=batch.labeled_label, source_classes=batch.labeled_classes)


@MIXINGS.register_module(name=["class", "ClassMix"])
class ClassMix:
    """Shows half of the classes of the source, and the target elsewhere: :func:`draw_class_masks`."""

    def __call__(self, rng: np.random.Generator, batch: UDABatch) -> Tensor:
        """Draws where each mixed image shows its source: bool [B, 1, H, W].

        Args:
            rng: generator of the mixing stream.
            batch: the crops of both domains.
        """
        return draw_class_masks(rng, batch.source_label, batch.source_classes)
