"""A training batch of source and target crops on the device, and which classes it shows.

Letters: B images, K classes, (H, W) crop, (H0, W0) whole target image as the network sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mmseg.structures.places import CropPlace, StrongGeometry

LABELS = 256
"""Train ids and 255 for 'unknown' are uint8."""


def shown_classes(label: Tensor) -> tuple[int, ...]:
    """The values of a label tensor of integers in 0..255, ascending. Free of waiting on the CPU alone: call it before a move."""
    return tuple(torch.bincount(label.flatten(), minlength=LABELS).nonzero().flatten().tolist())


def class_table(classes: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    """A row for each of N lists of classes, bool [N, 256]: True at the classes of the list.

    Looking a label up in it replaces ``torch.isin``, whose list would be copied while the host waits for the device.
    """
    table = torch.zeros(len(classes), LABELS, dtype=torch.bool)
    for row, some in zip(table, classes, strict=True):
        row[list(some)] = True
    return table.to(device, non_blocking=True)


@dataclass(frozen=True)
class UDABatch:
    """Normalised crops of both domains.

    Attributes:
        source_image: [B, 3, H, W] float32, normalised; 0 where padded.
        source_label: [B, H, W] int64, train ids and 255.
        target_image: like ``source_image``; None for methods without a target.
        target_valid: [B, H, W] uint8, 1 where pseudo-labels may be used (0: the margins, such as the
            ego vehicle); None without margins.
        target_annotation: [B, H, W] int64, train ids of the pixels that have been labelled so far, 255 of all others; None
            without annotating.
        target_label: [B, H, W] int64, hard pseudo-labels of an earlier stage, train ids and 255; None without a folder of them.
        target_soft: [B, K, H, W] float32, soft pseudo-labels of an earlier stage, 0 where padded; None without a folder of them.
        target_whole: [B, 3, H0, W0] float32, the whole target images, normalised; None where not asked for.
        target_strong: [B, 3, H, W] float32, the strong view of ``target_image``, normalised; None where not asked for.
        target_place: where each target crop lies in its image; on the host.
        target_geometry: how each strong view was bent; on the host, None without strong views.
        source_depth: [B, H, W] float32, inverse depth of ``source_image`` in [1, 65536], see
            :mod:`mmseg.datasets.reading.depth_files`; 0 where padded or unknown; None where the source has no depth.
        source_place: where each source crop lies in its image; on the host, None without depth.
        labeled_image, labeled_label: like those of the source, of target images that are labelled; None where a training has none.
        labeled_classes: the values of ``labeled_label``, ascending, on the host.
        source_classes: the values of ``source_label``, ascending, on the host: see :func:`shown_classes`.
    """

    source_image: Tensor
    source_label: Tensor
    target_image: Tensor | None = None
    target_valid: Tensor | None = None
    target_annotation: Tensor | None = None
    target_label: Tensor | None = None
    target_soft: Tensor | None = None
    target_whole: Tensor | None = None
    target_strong: Tensor | None = None
    target_place: tuple[CropPlace, ...] | None = None
    target_geometry: tuple[StrongGeometry, ...] | None = None
    source_depth: Tensor | None = None
    source_place: tuple[CropPlace, ...] | None = None
    labeled_image: Tensor | None = None
    labeled_label: Tensor | None = None
    labeled_classes: tuple[int, ...] | None = None
    source_classes: tuple[int, ...] = field(kw_only=True)
