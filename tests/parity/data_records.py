"""Replays draws that were recorded with NumPy's old generator."""

from __future__ import annotations

import numpy as np


class RecordedDraws:
    """Gives a ``RandomState`` the interface of ``numpy.random.Generator`` that our code uses."""

    def __init__(self, seed: int) -> None:
        self.state = np.random.RandomState(seed)

    def integers(self, low: int, high: int) -> int:
        return self.state.randint(low, high)

    def random(self) -> float:
        return self.state.rand()

    def choice(self, *args, **options):
        return self.state.choice(*args, **options)
