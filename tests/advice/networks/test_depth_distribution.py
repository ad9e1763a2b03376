"""Advice about depth distribution: its head, its data, its mixtures."""

from tests.advice.following import advice
from tests.advice.networks.parts import passed
from tests.models.networks import plain

HEAD = {"type": "DepthDensityHead", "in_channels": 32, "channels": 6, "averaged": 3}


def test_a_level_that_there_is_not():
    (last,) = advice("Use an in_index from 0 to {}, and the in_channels of that level.", passed(plain(depth_head={**HEAD, "in_index": 4})))
    assert passed(plain(depth_head={**HEAD, "in_index": int(last)}))().geometry is not None
