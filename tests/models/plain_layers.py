"""Layers from their definitions, on a state dict: the expected values of decoders that have no numeric record.

Letters: B images, C channels, (H, W) the map, N pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.parity.records import fill_by_recipe

State = Mapping[str, Tensor]


def ready(head: nn.Module) -> tuple[nn.Module, State]:
    """The head in evaluation, in float64, with a random value for every entry of its state dict, and that state dict."""
    fill_by_recipe(head, seed=5)
    head.double().eval()
    return head, head.state_dict()


def levels(channels: Sequence[int], sizes: Sequence[tuple[int, int]], batch: int = 2) -> list[Tensor]:
    """Random encoder levels [B, C, H, W] in float64."""
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(batch, c, *size, generator=generator, dtype=torch.float64) for c, size in zip(channels, sizes, strict=True)]


def layer(state: State, name: str, feature_map: Tensor, dilation: int = 1, groups: int = 1) -> Tensor:
    """Convolution of unchanged size, normalisation with the running statistics where there is one, ReLU."""
    weight = state[f"{name}.conv.weight"]
    padding = weight.shape[2] // 2 * dilation
    result = F.conv2d(feature_map, weight, state.get(f"{name}.conv.bias"), padding=padding, dilation=dilation, groups=groups)
    if f"{name}.bn.weight" in state:
        mean, variance, gain, bias = (state[f"{name}.bn.{key}"][:, None, None] for key in ("running_mean", "running_var", "weight", "bias"))
        result = (result - mean) / (variance + 1e-5).sqrt() * gain + bias
    return result.clamp(min=0)


def separable_layer(state: State, name: str, feature_map: Tensor, dilation: int = 1) -> Tensor:
    """A 3x3 layer per channel, then a 1x1 layer."""
    depthwise = layer(state, f"{name}.depthwise_conv", feature_map, dilation, groups=feature_map.shape[1])
    return layer(state, f"{name}.pointwise_conv", depthwise)


def pointwise(state: State, name: str, feature_map: Tensor) -> Tensor:
    """A bare 1x1 convolution with bias."""
    return torch.einsum("bchw,dc->bdhw", feature_map, state[f"{name}.weight"][:, :, 0, 0]) + state[f"{name}.bias"][:, None, None]


def enlarge(feature_map: Tensor, size: Sequence[int]) -> Tensor:
    """Bilinear resizing whose pixels are areas (``align_corners=False``): one matrix per side."""
    rows, columns = (_weights(old, new) for old, new in zip(feature_map.shape[2:], size, strict=True))
    return torch.einsum("yh,bchw,xw->bcyx", rows, feature_map, columns)


def _weights(old: int, new: int) -> Tensor:
    matrix = torch.zeros(new, old, dtype=torch.float64)
    for target in range(new):
        source = min(max((target + 0.5) * old / new - 0.5, 0), old - 1)
        first = min(int(source), old - 1)
        matrix[target, first] += 1 - (source - first)
        matrix[target, min(first + 1, old - 1)] += source - first
    return matrix


def masked_attention(query: Tensor, key: Tensor, value: Tensor, scale: float, seen: Tensor | None = None) -> Tensor:
    """Attention among all pixels of a map, pixel by pixel.

    Args:
        query, key: [B, D, H, W].
        value: [B, C, H, W].
        scale: factor of the products.
        seen: [N, N] bool, who looks at whom; None for everyone at everyone.
    """
    result = torch.zeros_like(value)
    width = value.shape[3]
    for pixel in range(value.shape[2] * width):
        y, x = divmod(pixel, width)
        products = (query[:, :, y, x, None] * key.flatten(2)).sum(1) * scale  # [B, N]
        exponentials = products.exp() * (1 if seen is None else seen[pixel])
        shares = exponentials / exponentials.sum(1, keepdim=True)
        result[:, :, y, x] = (shares[:, None] * value.flatten(2)).sum(2)
    return result


def assert_every_parameter_learns(module: nn.Module, loss: Tensor) -> None:
    """Back-propagates; every parameter gets a finite gradient that is not 0 everywhere."""
    loss.backward()
    still = [name for name, parameter in module.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert not still
    assert all(torch.isfinite(parameter.grad).all() for parameter in module.parameters())
