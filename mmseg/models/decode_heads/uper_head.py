"""UPerNet's decoder: a pyramid of pooled context on the last encoder level, handed down to all finer ones.

Sources: Xiao et al., "Unified Perceptual Parsing for Scene Understanding", ECCV 2018, section 3.1 and figure 4;
Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017 (the pooling).

Letters: B images, C channels, K classes, (h, w) the first chosen encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead, resize
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import Positive, Some

RELU = {"type": "ReLU"}


@MODELS.register_module()
class UPerHead(DecodeHead):
    """Pyramid pooling, a feature pyramid from coarse to fine, and a fusion of all its levels.

    Args:
        pool_scales: the last level is averaged into s x s regions, one branch per s.
        in_channels, in_index, channels, num_classes, dropout_ratio, norm_cfg, align_corners,
            loss_decode, ignore_index: see :class:`DecodeHead`; the levels from fine to coarse, all four by default.
    """

    def __init__(
        self,
        *,
        in_channels: Some[Positive[int]],
        channels: Positive[int],
        num_classes: Positive[int],
        in_index: Some[int] = (0, 1, 2, 3),
        pool_scales: Some[Positive[int]] = (1, 2, 3, 6),
        norm_cfg: NormConfig | None = None,
        **shared,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            in_index=in_index,
            channels=channels,
            num_classes=num_classes,
            norm_cfg=norm_cfg,
            **shared,
        )
        options = {"norm_cfg": norm_cfg, "act_cfg": RELU}
        *finer, last = self.in_channels
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(scale), ConvModule(last, channels, 1, **options)) for scale in pool_scales
        )
        self.bottleneck = ConvModule(last + len(pool_scales) * channels, channels, 3, padding=1, **options)
        self.lateral_convs = nn.ModuleList(ConvModule(width, channels, 1, **options) for width in finer)
        self.fpn_convs = nn.ModuleList(ConvModule(channels, channels, 3, padding=1, **options) for _ in finer)
        self.fpn_bottleneck = ConvModule(len(self.in_channels) * channels, channels, 3, padding=1, **options)

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> the fused map [B, C, h, w]."""
        *finer, last = self.select(features)
        coarse = self.pool_context(last)
        fused = [coarse]
        for level, lateral, smooth in reversed(list(zip(finer, self.lateral_convs, self.fpn_convs, strict=True))):
            coarse = lateral(level) + self._enlarge(coarse, level)
            fused.insert(0, smooth(coarse))
        merged = torch.cat([self._enlarge(level, fused[0]) for level in fused], dim=1)
        return self.fpn_bottleneck(merged)

    def pool_context(self, level: Tensor) -> Tensor:
        """Pyramid pooling: [B, C, ., .] -> [B, C', ., .] of the same size."""
        pooled = [self._enlarge(pool(level), level) for pool in self.psp_modules]
        return self.bottleneck(torch.cat([level, *pooled], dim=1))

    def _enlarge(self, feature_map: Tensor, like: Tensor) -> Tensor:
        return resize(feature_map, like.shape[2:], self.align_corners)
