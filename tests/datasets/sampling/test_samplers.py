"""Running numbers, shared between processes, with a jump for resuming."""

from itertools import islice

import pytest

from mmseg.registry import DATA_SAMPLERS
from mmseg.utils.errors import UserError


def sampler(rank=0, world_size=1, monkeypatch=None):
    if monkeypatch:
        monkeypatch.setattr("mmseg.datasets.sampling.samplers.get_dist_info", lambda: (rank, world_size))
    return DATA_SAMPLERS.build({"type": "RunningIndexSampler"}, default_args={"dataset": range(3), "seed": 5})


def test_counts_beyond_the_data_set():
    assert list(islice(sampler(), 8)) == list(range(8))
    assert len(sampler()) == 3


def test_processes_share_the_numbers(monkeypatch):
    streams = [list(islice(sampler(rank, 2, monkeypatch), 4)) for rank in range(2)]
    assert streams == [[0, 2, 4, 6], [1, 3, 5, 7]]


@pytest.mark.parametrize(("rank", "world_size"), [(0, 1), (1, 3)])
def test_skip_continues_as_if_uninterrupted(rank, world_size, monkeypatch):
    whole = list(islice(sampler(rank, world_size, monkeypatch), 10))
    resumed = sampler(rank, world_size, monkeypatch)
    resumed.skip(4)
    assert list(islice(resumed, 6)) == whole[4:]
    resumed.skip(2)  # absolute, not relative to the last jump
    assert next(iter(resumed)) == whole[2]


def test_skip_is_immediate():
    far = sampler()
    far.skip(10**15)
    assert next(iter(far)) == 10**15


def test_negative_skip():
    with pytest.raises(UserError, match="cannot skip -1"):
        sampler().skip(-1)
