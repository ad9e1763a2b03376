"""Random streams as values: every draw is a function of (seed, index, stream name).

Nothing here remembers what was drawn before. A resumed run therefore draws what an uninterrupted one
draws, the number of loader workers does not matter, and switching one feature on does not change what
another one draws.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import torch


def derive_seed(*keys: int | str) -> int:
    """Hashes the keys into an integer in [0, 2**63)."""
    text = "/".join(str(key) for key in keys)  # a name of a file may hold bytes that are not UTF-8
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=8).digest(), "little") >> 1


@dataclass(frozen=True)
class Streams:
    """The random streams of one iteration or of one sample.

    Args:
        seed: seed of the run.
        index: iteration (network, mixing) or running sample number (loader).
        rank: number of the process in a training of several. The first draws what a single process draws, and every
            other one something else; samples are the same whoever loads them.
    """

    seed: int
    index: int
    rank: int = 0

    @property
    def shared(self) -> Streams:
        """The streams of the first process: for what has to be the same in all of them."""
        return replace(self, rank=0)

    def _seed(self, name: str) -> int:
        return derive_seed(self.seed, self.index, name, *([self.rank] if self.rank else []))

    def numpy(self, name: str) -> np.random.Generator:
        """A fresh NumPy generator for the stream ``name``; the same one on every call."""
        return np.random.default_rng(self._seed(name))

    def torch(self, name: str, device: torch.device | str = "cpu") -> torch.Generator:
        """A fresh torch generator for the stream ``name``; the same one on every call."""
        return torch.Generator(device).manual_seed(self._seed(name))

    def seed_global(self, name: str) -> None:
        """Seeds torch's global generators, which Dropout and DropPath draw from."""
        torch.manual_seed(self._seed(name))
