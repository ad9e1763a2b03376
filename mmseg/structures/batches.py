"""A training batch of source and target crops on the device.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class UDABatch:
    """Normalised crops of both domains.

    Attributes:
        source_image: [B, 3, H, W] float32, normalised; 0 where padded.
        source_label: [B, H, W] int64, train ids and 255.
        target_image: like ``source_image``; None for methods without a target.
        target_valid: [B, H, W] uint8, 1 where pseudo-labels may be used (0: the margins, such as the
            ego vehicle); None without margins.
    """

    source_image: Tensor
    source_label: Tensor
    target_image: Tensor | None = None
    target_valid: Tensor | None = None
