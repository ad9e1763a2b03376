"""Statistics of batch normalisation that follow the images of a stream.

Letters: C channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class Moments(NamedTuple):
    """Of the values of a layer: their number for each channel, mean and variance float32 [C]."""

    count: int
    mean: Tensor
    variance: Tensor


def moments(values: Tensor) -> Moments:
    """Over all axes of [B, C, ...] but the channels; the variance is that of batch normalisation, divided by the number."""
    variance, mean = torch.var_mean(values.float(), dim=[axis for axis in range(values.dim()) if axis != 1], correction=0)
    return Moments(values.numel() // values.shape[1], mean, variance)


def pooled(parts: Sequence[Moments]) -> tuple[Tensor, Tensor]:
    """Mean and variance of all values of several passes through one layer."""
    total = sum(part.count for part in parts)
    mean = sum(part.mean * (part.count / total) for part in parts)
    variance = sum((part.variance + (part.mean - mean).square()) * (part.count / total) for part in parts)
    return mean, variance


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """The layers of a network that normalise with running statistics."""
    return [module for module in network.modules() if isinstance(module, _BatchNorm) and module.running_mean is not None]


class FrameStatistics:
    """Mixes the source's statistics with those of the stream: (1 - share) * source + share * stream, mean and variance alike.

    Those of the stream are a moving mean over its images, which begins with the first.

    Args:
        network: whose layers follow.
        share: of the stream, in [0, 1].
        momentum: of the moving mean: share of the newest image, in [0, 1].
    """

    def __init__(self, network: nn.Module, *, share: float, momentum: float) -> None:
        self.layers, self.share, self.momentum = batch_norms(network), share, momentum
        self.source = [(layer.running_mean.clone(), layer.running_var.clone()) for layer in self.layers]
        self.stream: list[tuple[Tensor, Tensor] | None] = [None] * len(self.layers)

    @contextmanager
    def following(self) -> Iterator[None]:
        """What passes through the network in here moves the statistics at the end; the passes themselves still use those of before."""
        seen: dict[nn.Module, list[Moments]] = {layer: [] for layer in self.layers}

        def note(layer: nn.Module, inputs: tuple[Tensor]) -> None:
            seen[layer].append(moments(inputs[0].detach()))

        hooks = [layer.register_forward_pre_hook(note) for layer in self.layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
        for number, layer in enumerate(self.layers):
            if seen[layer]:
                self._move(number, pooled(seen[layer]))

    def _move(self, number: int, newest: tuple[Tensor, Tensor]) -> None:
        before, layer = self.stream[number], self.layers[number]
        if before is not None:
            newest = tuple(torch.lerp(old, new, self.momentum) for old, new in zip(before, newest, strict=True))
        self.stream[number] = newest
        for own, source, stream in zip((layer.running_mean, layer.running_var), self.source[number], newest, strict=True):
            own.copy_(torch.lerp(source, stream.to(source.dtype), self.share))
