"""Finds the recorded data-pipeline numbers and replays recorded NumPy draws."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

REFERENCE = Path(os.environ.get("HRDA_REFERENCE", Path(__file__).parents[3] / "shared" / "reference"))


def records(kind: str) -> list[Path]:
    """The json files below the reference folder whose ``kind`` starts with ``kind``."""
    return [path for path in sorted(REFERENCE.glob("uda/*.json")) if read(path).get("kind", "").startswith(kind)]


def read(path: Path) -> dict:
    return json.loads(path.read_text())


class RecordedDraws:
    """Gives a recorded ``RandomState`` the interface of ``numpy.random.Generator`` that our code uses."""

    def __init__(self, seed: int) -> None:
        self.state = np.random.RandomState(seed)

    def integers(self, low: int, high: int) -> int:
        return self.state.randint(low, high)

    def random(self) -> float:
        return self.state.rand()

    def choice(self, *args, **options):
        return self.state.choice(*args, **options)
