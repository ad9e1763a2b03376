"""Labels count from the very next batch on, although loader workers have read ahead.

The published code of RIPU trains on after a round with up to eight batches (four workers, two batches each) of older labels.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmseg.datasets.sampling.uda_dataset import UDADataset


def refresh(dataset: UDADataset, batch: dict[str, Any], number: int) -> int:
    """Replaces the annotation of samples that a worker has read after another round than ``number``.

    A sample is a function of its running index, so that its crop can be cut out of newer labels.

    Args:
        dataset: that the batch comes from.
        batch: collated samples with ``target`` (``annotation`` uint8 [B, H, W] and ``round`` int64 [B]); changed in place.
        number: the round whose labels count now.

    Returns:
        how many samples were read anew.

    Raises:
        UserError: a file of the round is missing or broken.
    """
    target, stale = batch["target"], []
    for place, (index, read) in enumerate(zip(batch["index"].tolist(), target["round"].tolist(), strict=True)):
        if read != number:
            skipped = int(batch["skipped"][place]) if "skipped" in batch else 0
            target["annotation"][place] = dataset.annotation(index, skipped, number)
            target["round"][place] = number
            stale.append(place)
    return len(stale)
