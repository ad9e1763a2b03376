"""Looking at a network in the middle of its training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn


@contextlib.contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; afterwards every module has the mode that it had.

    Eval mode draws nothing (dropout) and updates no statistics (BatchNorm), so looking does not change training.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:  # not .train(mode): that would reach into children with another mode
            module.training = mode
