"""Levels at strides 4 to 32 from the single map of a plain vision transformer.

Source: Li et al., "Exploring Plain Vision Transformer Backbones for Object Detection", ECCV 2022
(ViTDet), section 3, figure 2: transposed convolutions enlarge the last map, pooling halves it. The
paper's 1x1 and 3x3 convolutions after them are left out: our decoders embed every level themselves.

Letters: B images, C channels of the transformer, (h, w) its map.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule
from timm.layers import LayerNorm2d
from torch import Tensor, nn


class SimpleFeaturePyramid(BaseModule):
    """Makes levels out of the map at stride 16. Every enlargement by 2 halves the channels.

    Args:
        channels: C, divisible by 4.
        strides: of the levels, among 4, 8, 16 and 32.
    """

    def __init__(self, *, channels: int, strides: Sequence[int]) -> None:
        super().__init__()
        half, quarter = channels // 2, channels // 4
        self.out_channels = tuple({4: quarter, 8: half}.get(stride, channels) for stride in strides)
        self.levels = nn.ModuleList(_level(channels, stride) for stride in strides)

    def forward(self, feature_map: Tensor) -> tuple[Tensor, ...]:
        """[B, C, h, w] -> [B, C / 4, 4h, 4w], [B, C / 2, 2h, 2w], [B, C, h, w] and [B, C, h / 2, w / 2], as ``strides`` asks."""
        return tuple(level(feature_map) for level in self.levels)

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator."""
        for module in self.levels.modules():
            if isinstance(module, (nn.ConvTranspose2d, LayerNorm2d)):
                module.reset_parameters()
        self._is_init = True


def _level(channels: int, stride: int) -> nn.Module:
    half = channels // 2
    if stride == 4:
        first, second = nn.ConvTranspose2d(channels, half, 2, stride=2), nn.ConvTranspose2d(half, channels // 4, 2, stride=2)
        return nn.Sequential(first, LayerNorm2d(half), nn.GELU(), second)
    if stride == 8:
        return nn.ConvTranspose2d(channels, half, 2, stride=2)
    return nn.Identity() if stride == 16 else nn.MaxPool2d(2)
