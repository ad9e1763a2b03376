"""From samples to a batch, and from a batch to its parts.

Letters: B images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.utils.data import default_collate


def collate_samples(samples: Sequence[dict]) -> dict[str, Any]:
    """Stacks what has one size, as torch's ``default_collate``; images, labels and soft maps of several sizes stay a list of B tensors."""
    return {key: _collated([sample[key] for sample in samples]) for key in samples[0]}


def _collated(values: list) -> Any:
    if isinstance(values[0], Mapping):  # a domain
        return collate_samples(values)
    several_sizes = isinstance(values[0], Tensor) and len({value.shape for value in values}) > 1
    return values if several_sizes else default_collate(values)


def part_of_batch(batch: Any, number: int, parts: int) -> Any:
    """Every ``parts``-th sample of a batch from ``number`` on, as the sampler deals them out to that many processes.

    Args:
        batch: a collated batch, or what it holds: a dictionary, a tensor or a list of B entries. Single values stay as they are.
    """
    if isinstance(batch, Mapping):
        return {key: part_of_batch(value, number, parts) for key, value in batch.items()}
    if (isinstance(batch, Tensor) and batch.dim()) or isinstance(batch, list):
        return batch[number::parts]
    return batch
