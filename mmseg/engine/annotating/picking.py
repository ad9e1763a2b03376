"""What is asked for in one image, given what a network predicts for it and what was asked before.

Letters: K classes, (H, W) native size of the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from typing_extensions import TypedDict

from mmseg.datasets.annotating.rounds import Picks, RoundFolder, as_array
from mmseg.models.uda.acquisition.budgets import pixels_per_round, regions_per_round
from mmseg.models.uda.acquisition.selection import select, squares
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import CLOSED
from mmseg.utils.products.header import VERSION
from mmseg.utils.randomness import Streams


class Budget(TypedDict, total=False):
    """How much of every image is labelled in all rounds together: one of ``ratio`` and ``pixels``.

    Attributes:
        ratio: share of its pixels, above 0 and at most 1.
        pixels: number of single pixels, see :func:`pixels_per_round`.
        counted_at: of ``pixels``: 'published' or 'annotation'.
    """

    __pydantic_config__ = CLOSED

    ratio: float
    pixels: int
    counted_at: Literal["published", "annotation"]


@dataclass(frozen=True)
class Picker:
    """How a training asks.

    Attributes:
        strategy: of :data:`mmseg.registry.ACQUISITIONS`.
        budget: how much.
        rounds: how many there are.
        seed: of the training.
    """

    strategy: Any
    budget: Budget
    rounds: int
    seed: int

    def check(self) -> None:
        """Refuses a budget of both kinds or of none, and one of single pixels for regions.

        Raises:
            UserError: it is.
        """
        if ("ratio" in self.budget) == ("pixels" in self.budget) or ("ratio" in self.budget and "counted_at" in self.budget):
            fix = "Give budget=dict(ratio=0.022), or budget=dict(pixels=40)"
            raise UserError(f"AnnotationRounds: budget={dict(self.budget)} is not one budget. {fix}.")
        if "pixels" in self.budget and self.strategy.radius > 0:
            text = f"budget={dict(self.budget)} counts single pixels, but {type(self.strategy).__name__} picks regions"
            raise UserError(
                f"AnnotationRounds: {text}. Give budget=dict(ratio=0.022), or pick pixels with acquisition=dict(type='PixelImpurity')."
            )

    def count(self, size: Sequence[int]) -> int:
        """Picks in an image of (H, W) pixels in one round.

        Raises:
            UserError: the budget is not possible in it.
        """
        if "ratio" in self.budget:
            options = {"share": self.budget["ratio"], "radius": self.strategy.radius}
            return regions_per_round(tuple(size), rounds=self.rounds, **options)
        options = {key: value for key, value in self.budget.items() if key != "pixels"}
        return pixels_per_round(tuple(size), pixels=self.budget["pixels"], rounds=self.rounds, **options)

    def allowed(self, size: Sequence[int]) -> int:
        """Pixels that all rounds together may ask for in an image of (H, W)."""
        return min(self.rounds * self.count(size) * (2 * self.strategy.radius + 1) ** 2, size[0] * size[1])

    def score(self, logits: Tensor, folder: RoundFolder, stem: str) -> Tensor:
        """How much each pixel is wanted, -inf where earlier rounds exclude it: float32 [H, W] on the CPU. See :meth:`pick`."""
        size = tuple(logits.shape[1:])
        active = torch.zeros(size, dtype=torch.bool)
        for before in earlier_picks(folder, stem):
            active |= squares(torch.from_numpy(as_array(before)), self.strategy.exclusion, size)
        score = self.strategy(logits, Streams(self.seed, folder.number).numpy(f"acquisition/{stem}"))
        return score.masked_fill(active, float("-inf"))

    def pick(self, logits: Tensor, folder: RoundFolder, stem: str) -> Picks:
        """The picks of an image in a round.

        Args:
            logits: [K, H, W].
            folder: of the round; the folders of the rounds before lie beside it.
            stem: of the files of the image.

        Raises:
            UserError: picks of an earlier round are missing or broken.
        """
        size, score = tuple(logits.shape[1:]), self.score(logits, folder, stem)
        count = self.count(size)
        picks = select(score, torch.zeros(size, dtype=torch.bool), count, exclusion=self.strategy.exclusion)
        chosen = {"radius": self.strategy.radius, "picks": picks.tolist(), "size": list(size), "version": VERSION}
        asked = asked_now(folder, stem, {**chosen, "asked": 0, "allowed": 0, "unspent": 0})
        return {**chosen, "asked": int(asked.sum()), "allowed": self.allowed(size), "unspent": count - len(picks)}


def earlier_picks(folder: RoundFolder, stem: str) -> Iterator[Picks]:
    """The picks of an image in the rounds before, oldest first.

    Raises:
        UserError: one is missing or broken.
    """
    return (RoundFolder(folder.root, number, folder.names).read_picks(stem) for number in range(1, folder.number))


def asked_now(folder: RoundFolder, stem: str, picks: Picks) -> np.ndarray:
    """Pixels that are asked for in a round and were not asked for before: bool [H, W]."""
    size = tuple(picks["size"])
    asked = squares(torch.from_numpy(as_array(picks)), picks["radius"], size)
    for before in earlier_picks(folder, stem):
        asked &= ~squares(torch.from_numpy(as_array(before)), before["radius"], size)
    return asked.numpy()
