"""A memory of past samples: first in, first out, and used once it is full (CPSL, section 3.3).

Letters: N samples in the memory, M samples of a push, C values of a sample.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmseg.utils.errors import UserError

UNKNOWN = -1
"""Label of a place that was never filled."""


class Memory(nn.Module):
    """The last N samples with their labels. Its buffers are state of a training.

    A push overwrites the oldest samples where they are, so that nothing is moved.

    Args:
        size: N.
        width: C.

    Attributes:
        values: [N, C] float32.
        labels: [N] int64 train ids, :data:`UNKNOWN` where nothing was ever stored.
        pushed: int64 scalar on the device, samples that were stored so far.
    """

    def __init__(self, *, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(size, width))
        self.register_buffer("labels", torch.full((size,), UNKNOWN))
        self.register_buffer("pushed", torch.zeros((), dtype=torch.int64))

    @property
    def full(self) -> Tensor:
        """Whether every place is filled: bool scalar on the device."""
        return self.pushed >= len(self.values)

    @torch.no_grad()
    def push(self, values: Tensor, labels: Tensor | None = None) -> None:
        """Stores M samples in the place of the oldest; the first of them counts as the newest, as in the published code.

        Args:
            values: [M, C].
            labels: [M] int64, or None for samples without.

        Raises:
            UserError: they are wider than the memory, or more than it holds.
        """
        size, width = self.values.shape
        if values.shape[1] != width:
            raise UserError(f"A memory of {width} values per sample cannot hold samples of {values.shape[1]}. Make one of that width.")
        if len(values) > size:
            raise UserError(f"memory={size} holds less than the {len(values)} samples of an image. Use a larger memory, or fewer samples.")
        places = (self.pushed + torch.arange(len(values), device=values.device)).remainder(size)
        self.values.index_copy_(0, places, values.flip(0).to(self.values.dtype))
        if labels is not None:
            self.labels.index_copy_(0, places, labels.flip(0))
        self.pushed += len(values)

    def newest_first(self, stored: Tensor) -> Tensor:
        """``values`` or ``labels`` in the order of the published memory."""
        size = len(self.values)
        return stored[(self.pushed - 1 - torch.arange(size, device=stored.device)).remainder(size)]
