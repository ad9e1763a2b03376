"""Activation checkpointing: the insides of a block are computed again in the backward pass instead of being kept.

Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016, section 3.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def run_block(block: nn.Module, *inputs: Tensor | int, recompute: bool) -> Tensor:
    """``block(*inputs)``; its gradients are the same with ``recompute``, since Dropout draws the same again.

    Args:
        block: a part of an encoder.
        recompute: keeps only the inputs for the backward pass. Without gradients nothing is kept anyhow.
    """
    if not (recompute and torch.is_grad_enabled()):
        return block(*inputs)
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm) and module.training and module.track_running_stats]
    if not norms:
        return checkpoint(block, *inputs, use_reentrant=False)
    return checkpoint(block, *inputs, use_reentrant=False, context_fn=lambda: (contextlib.nullcontext(), _seen_before(norms)))


@contextlib.contextmanager
def _seen_before(norms: list[_BatchNorm]) -> Iterator[None]:
    """BatchNorm counts a batch once: its running statistics stay as they are while a block is computed again."""
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, norm.num_batches_tracked.clone()
    try:
        yield
    finally:
        for norm, (momentum, counter) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, counter
