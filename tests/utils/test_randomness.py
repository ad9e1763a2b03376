"""Draws are a function of (seed, index, stream) and of nothing else."""

import itertools

import numpy as np
import pytest
import torch

from mmseg.utils.randomness import Streams, derive_seed


def test_seeds_are_fixed_for_all_time():
    """A change of these values changes every run and every resume."""
    assert derive_seed(0, 0, "mix") == 5246578198342055170
    assert derive_seed("0", "0", "mix") == derive_seed(0, 0, "mix")


def test_seeds_differ_by_seed_index_and_name():
    keys = list(itertools.product(range(4), range(4), ("mix", "source.crop")))
    seeds = {derive_seed(*key) for key in keys}
    assert len(seeds) == len(keys)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_keys_do_not_run_together():
    assert derive_seed(1, 23, "a") != derive_seed(12, 3, "a")


def test_a_name_that_is_not_utf8():
    """Counts by its bytes."""
    assert derive_seed(0, "a\udce4") not in (derive_seed(0, "a"), derive_seed(0, "a\udce5"), derive_seed(0, "aä"))


def test_the_first_process_draws_what_a_single_one_does():
    """Every other one draws something else, but for what is shared."""
    draws = [Streams(0, 5, rank).numpy("mix").random() for rank in range(4)]
    assert draws[0] == Streams(0, 5).numpy("mix").random() and len(set(draws)) == 4
    assert {Streams(0, 5, rank).shared for rank in range(4)} == {Streams(0, 5)}


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_a_stream_starts_again_on_every_call(kind):
    def draw(streams: Streams, name: str) -> list:
        generator = getattr(streams, kind)(name)
        return (generator.random(4) if kind == "numpy" else torch.rand(4, generator=generator)).tolist()

    first = draw(Streams(1, 2), "mix")
    draw(Streams(1, 2), "other")
    np.random.random()
    torch.rand(1)
    assert draw(Streams(1, 2), "mix") == first
    assert draw(Streams(1, 3), "mix") != first != draw(Streams(1, 2), "other")


def test_a_stream_leaves_the_global_generators_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    torch.rand(1, generator=Streams(1, 2).torch("mix"))
    assert torch.equal(torch.rand(1), expected)


def test_dropout_draws_are_a_function_of_the_stream():
    drawn = []
    for _ in range(2):
        Streams(1, 2).seed_global("dropout")
        drawn.append(torch.rand(4))
    assert torch.equal(*drawn)
