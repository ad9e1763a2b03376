"""Convolutions that look at the image beside a transformer, for what its tokens are too coarse to hold.

Source: Chen et al., "Vision Transformer Adapter for Dense Predictions", ICLR 2023, section 3.3 (the spatial prior module).

Letters: B images, C channels of the transformer, (H, W) image.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

WIDTHS = (64, 128, 256, 256)
"""Channels at strides 4, 8, 16 and 32, before they become those of the transformer."""
MOMENTUM = 0.01
"""Of BatchNorm: batches are small."""


class SpatialPrior(nn.Module):
    """[B, 3, H, W] -> four maps [B, C, H / stride, W / stride] at strides 4, 8, 16 and 32, sizes rounded up.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        first = WIDTHS[0]
        stem = (*_layers(3, first, stride=2), *_layers(first, first), *_layers(first, first), nn.MaxPool2d(3, stride=2, padding=1))
        halvings = (nn.Sequential(*_layers(inner, outer, stride=2)) for inner, outer in pairwise(WIDTHS))
        self.stages = nn.ModuleList([nn.Sequential(*stem), *halvings])
        self.projections = nn.ModuleList(nn.Conv2d(width, channels, kernel_size=1) for width in WIDTHS)

    def forward(self, image: Tensor) -> list[Tensor]:
        """The maps, finest first."""
        maps, x = [], image
        for stage, projection in zip(self.stages, self.projections, strict=True):
            x = stage(x)
            maps.append(projection(x))
        return maps


def _layers(inner: int, outer: int, stride: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inner, outer, kernel_size=3, stride=stride, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outer, momentum=MOMENTUM), nn.ReLU(inplace=True)
