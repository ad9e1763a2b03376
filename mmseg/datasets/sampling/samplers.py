"""The order of training samples: running numbers, so that a sample is a function of its number."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmseg.registry import DATA_SAMPLERS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative


@DATA_SAMPLERS.register_module()
class RunningIndexSampler(Sampler):
    """Yields 0, 1, 2, … without end; process r of n yields r, r + n, r + 2n, …

    Args:
        dataset: only its length is used, as the length of an epoch.
        seed: accepted because mmengine passes it; the data set owns the seed.
    """

    def __init__(self, *, dataset: Sized, seed: NonNegative[int] | None = None) -> None:
        self.dataset = dataset
        self.rank, self.world_size = get_dist_info()
        self.start = 0

    def __iter__(self) -> Iterator[int]:
        index = self.rank + self.start * self.world_size
        while True:
            yield index
            index += self.world_size

    def __len__(self) -> int:
        return len(self.dataset)

    def skip(self, num_samples: int) -> None:
        """Starts the next iteration after ``num_samples`` samples of this process, counted from the very first.

        mmengine calls this on resume; nothing is loaded.
        """
        if num_samples < 0:
            raise UserError(f"RunningIndexSampler cannot skip {num_samples} samples. Use a number >= 0.")
        self.start = num_samples

    def set_epoch(self, epoch: int) -> None:
        """Does nothing: the stream has no epochs."""
