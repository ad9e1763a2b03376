"""The light decoder of VFM-UDA: two enlargements by 2 of the last map of a transformer, and a classifier.

Source: Englert et al., "Exploring the Benefits of Vision Foundation Models for Unsupervised Domain Adaptation", CVPR Workshops 2024,
section 3 (a decoder of few layers is enough for an encoder that has seen 142 million images).

Letters: B images, C channels, K classes, (h, w) the encoder's map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Gt, MultipleOf
from timm.layers import LayerNorm2d
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import Positive


@MODELS.register_module()
class LightHead(DecodeHead):
    """[B, C, h, w] -> logits [B, K, 4 h, 4 w]; no layer has a bias, as published.

    Args:
        in_channels: C, a multiple of 4; the map before the classifier has a quarter of it.
        in_index: which encoder level; the last by default.
        num_classes, align_corners, loss_decode, ignore_index: see :class:`DecodeHead`.
    """

    output_stride = 4  # of tokens that cover 16x16 pixels

    def __init__(
        self, *, in_channels: Annotated[int, Gt(0), MultipleOf(4)], num_classes: Positive[int], in_index: int = -1, **shared
    ) -> None:
        super().__init__(in_channels=in_channels, in_index=in_index, channels=None, num_classes=num_classes, **shared)
        half, quarter = in_channels // 2, in_channels // 4
        self.enlarge = nn.Sequential(
            nn.ConvTranspose2d(in_channels, half, kernel_size=2, stride=2, bias=False),
            LayerNorm2d(half),
            nn.GELU(),
            nn.ConvTranspose2d(half, quarter, kernel_size=2, stride=2, bias=False),
            LayerNorm2d(quarter),
            nn.Conv2d(quarter, quarter, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(quarter),
        )
        self.conv_seg = nn.Conv2d(quarter, num_classes, kernel_size=1, bias=False)
        self.dropout = nn.Identity()

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .] -> the map [B, C / 4, 4 h, 4 w]."""
        (level,) = self.select(features)
        return self.enlarge(level)

    def init_weights(self) -> None:
        """Torch's defaults, and normal 0.1 for the classifier, as published."""
        for layer in self.enlarge:
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        nn.init.normal_(self.conv_seg.weight, std=0.1)
        self._is_init = True
