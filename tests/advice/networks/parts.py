"""Small parts and networks of a config, built and passed through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from mmseg.registry import MODELS

IMAGE = torch.zeros(2, 3, 64, 64)
MASK = {"type": "block", "mask_ratio": 0.7, "mask_block_size": 64}


def build(kind: str, **options: object) -> Callable:
    return lambda: MODELS.build({"type": kind, **options})


def passed(model: dict, image: torch.Tensor = IMAGE) -> Callable:
    """A pass of a training through the network of a config."""

    def run():
        with torch.no_grad():
            return MODELS.build(model)(image, np.random.default_rng(0))

    return run
