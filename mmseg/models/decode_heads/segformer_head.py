"""SegFormer's decoder: embed every encoder level, enlarge to the finest, merge with one convolution.

Source: Xie et al., "SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers",
NeurIPS 2021, section 3.2.

Letters: B images, C channels, K classes, (h, w) the first encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from torch import Tensor, nn
from typing_extensions import TypedDict

from mmseg.models.decode_heads.decode_head import DecodeHead, check_decoder_params, resize
from mmseg.models.decode_heads.layers import PixelLinear
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.options.ranges import OddSize, Positive, Some


class SegFormerParams(TypedDict, total=False):
    """Of the dictionary ``decoder_params``."""

    embed_dim: Positive[int]
    conv_kernel_size: OddSize


@MODELS.register_module()
class SegFormerHead(DecodeHead):
    """The all-MLP decoder.

    Args:
        decoder_params: ``embed_dim`` (width of every embedded level and of the merged map) and
            ``conv_kernel_size`` (of the merging convolution; 1 in the paper).
        channels: width of ``conv_seg``. It exists because released checkpoints have it; the classifier is
            ``linear_pred``, and ``conv_seg`` never gets a gradient.
        in_channels, in_index, num_classes, dropout_ratio, norm_cfg, align_corners, loss_decode, ignore_index:
            see :class:`DecodeHead`; all four levels by default.
    """

    classifiers = ("conv_seg", "linear_pred")

    def __init__(
        self,
        *,
        in_channels: Some[Positive[int]],
        channels: Positive[int],
        num_classes: Positive[int],
        decoder_params: SegFormerParams,
        in_index: Some[int] = (0, 1, 2, 3),
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
        check_decoder_params("SegFormerHead", decoder_params, SegFormerParams.__annotations__)
        width, kernel = decoder_params["embed_dim"], decoder_params["conv_kernel_size"]
        self.linear_c = nn.ModuleList(PixelLinear(in_channels=c, out_channels=width) for c in self.in_channels)
        merged = width * len(self.in_channels)
        self.linear_fuse = ConvModule(merged, width, kernel, padding=kernel // 2, norm_cfg=norm_cfg)
        self.linear_pred = nn.Conv2d(width, num_classes, kernel_size=1)

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> the fused map [B, C, h, w]."""
        levels = self.select(features)
        size = levels[0].shape[2:]
        embedded = [resize(layer(level), size, self.align_corners) for layer, level in zip(self.linear_c, levels, strict=True)]
        return self.linear_fuse(torch.cat(embedded, dim=1))

    def classify(self, feature_map: Tensor) -> Tensor:
        """See :meth:`DecodeHead.classify`."""
        return at_least_float32(self.linear_pred(self.dropout(feature_map)))

    def init_weights(self) -> None:
        """As :meth:`DecodeHead.init_weights`; torch's default for the classifier, as published."""
        super().init_weights()
        self.linear_pred.reset_parameters()
