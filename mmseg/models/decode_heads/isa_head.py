"""ISANet's decoder: attention among all pixels of the last encoder level, in two sparse steps.

Source: Huang et al., "Interlaced Sparse Self-Attention for Semantic Segmentation", 2019, section 3.

Letters: B images, C channels, K classes, (h, w) the chosen encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from torch import Tensor

from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.models.decode_heads.layers import PixelAttention, interlace
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import Pair, Positive

RELU = {"type": "ReLU"}


@MODELS.register_module()
class ISAHead(DecodeHead):
    """Attention among far pixels, then inside each cell; the result is merged with its input.

    Args:
        isa_channels: channels of query and key.
        down_factor: (p, q) size of a cell in pixels of the level.
        in_channels, in_index, channels, num_classes, dropout_ratio, norm_cfg, align_corners,
            loss_decode, ignore_index: see :class:`DecodeHead`; one level, usually the last.
    """

    output_stride = 8  # of a dilated ResNet's last level

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        channels: Positive[int],
        num_classes: Positive[int],
        isa_channels: Positive[int],
        down_factor: Pair[Positive[int]] = (8, 8),
        norm_cfg: NormConfig | None = None,
        **shared,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            channels=channels,
            num_classes=num_classes,
            norm_cfg=norm_cfg,
            **shared,
        )
        options = {"norm_cfg": norm_cfg, "act_cfg": RELU}
        attention = dict(channels=channels, hidden_channels=isa_channels, num_convs=2, **options)
        self.down_factor = tuple(down_factor)
        self.in_conv = ConvModule(in_channels, channels, 3, padding=1, **options)
        self.global_relation = PixelAttention(**attention)
        self.local_relation = PixelAttention(**attention)
        self.out_conv = ConvModule(2 * channels, channels, 1, **options)

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> the fused map [B, C, h, w]."""
        (level,) = self.select(features)
        hidden = self.in_conv(level)
        attended = interlace(hidden, self.down_factor, self.global_relation, self.local_relation)
        return self.out_conv(torch.cat([attended, hidden], dim=1))
