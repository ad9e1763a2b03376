"""DeepLabV3+'s decoder: wide context from the last encoder level, refined with the first.

Source: Chen et al., "Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation",
ECCV 2018, section 3 and figure 2.

Letters: B images, C channels, K classes, (h, w) the first encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead, resize
from mmseg.models.decode_heads.layers import ASPP, pyramid_branches
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive, Some

RELU = {"type": "ReLU"}


@MODELS.register_module()
class DepthwiseSeparableASPPHead(DecodeHead):
    """Separable ASPP with image pooling, then two separable 3x3 convolutions together with the first level.

    Args:
        dilations: of the parallel branches; 1 is a 1x1 convolution.
        c1_in_channels: channels of the first encoder level.
        c1_channels: channels that it is reduced to, few so that the context prevails.
        in_channels, in_index, channels, num_classes, dropout_ratio, norm_cfg, align_corners,
            loss_decode, ignore_index: see :class:`DecodeHead`; one level, usually the last.
    """

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        channels: Positive[int],
        num_classes: Positive[int],
        c1_in_channels: Positive[int],
        c1_channels: Positive[int],
        dilations: Some[Positive[int]] = (1, 6, 12, 18),
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
        aspp = ASPP(in_channels=in_channels, out_channels=channels, dilations=dilations, sep=True, pool=True, **options)
        # Published checkpoints have the parts of the ASPP beside the classifier, not in a module of their own.
        self.image_pool, self.aspp_modules, self.bottleneck = aspp.image_pool, aspp.aspp_modules, aspp.bottleneck
        self.c1_in_channels = c1_in_channels
        self.c1_bottleneck = ConvModule(c1_in_channels, c1_channels, 1, **options)
        self.sep_bottleneck = nn.Sequential(
            DepthwiseSeparableConvModule(channels + c1_channels, channels, 3, padding=1, **options),
            DepthwiseSeparableConvModule(channels, channels, 3, padding=1, **options),
        )

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> the fused map [B, C, h, w]."""
        (level,) = self.select(features)
        context = self.bottleneck(pyramid_branches(level, self.aspp_modules, self.image_pool))
        if features[0].shape[1] != self.c1_in_channels:
            text = f"the first level of the encoder has {features[0].shape[1]} channels, but c1_in_channels={self.c1_in_channels}"
            raise UserError(f"{type(self).__name__}: {text}. Set c1_in_channels={features[0].shape[1]}.")
        fine = self.c1_bottleneck(features[0])
        merged = torch.cat([resize(context, fine.shape[2:], self.align_corners), fine], dim=1)
        return self.sep_bottleneck(merged)
