"""DAFormer's decoder: embed every encoder level, enlarge to the finest, fuse with context.

Source: Hoyer et al., "DAFormer: Improving Network Architectures and Training Strategies for
Domain-Adaptive Semantic Segmentation", CVPR 2022, section 3.2 and table 7.

Letters: B images, C channels, K classes, (h, w) the first encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from typing_extensions import TypedDict

from mmseg.models.decode_heads.decode_head import DecodeHead, check_decoder_params, resize
from mmseg.models.decode_heads.dilated_conv import decoder_layout
from mmseg.models.decode_heads.layers import DECODER_LAYERS
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import Positive, Some


class DAFormerParams(TypedDict, total=False):
    """Of the dictionary ``decoder_params``."""

    embed_dims: Positive[int]
    embed_cfg: dict
    embed_neck_cfg: dict
    fusion_cfg: dict


@MODELS.register_module()
class DAFormerHead(DecodeHead):
    """Context-aware multi-level feature fusion.

    Args:
        decoder_params: ``embed_dims`` (width of every embedded level), ``embed_cfg`` (layer of the levels),
            ``embed_neck_cfg`` (layer of the last one) and ``fusion_cfg`` (layer over all of them,
            concatenated). Layers are named as in :mod:`mmseg.models.decode_heads.layers`:
            'mlp', 'conv', 'aspp', 'isa', 'rawconv_and_aspp'.
        in_channels, in_index, channels, num_classes, dropout_ratio, norm_cfg, align_corners,
            loss_decode, ignore_index: see :class:`DecodeHead`; all four levels by default.
    """

    def __init__(
        self,
        *,
        in_channels: Some[Positive[int]],
        channels: Positive[int],
        num_classes: Positive[int],
        decoder_params: DAFormerParams,
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
        check_decoder_params("DAFormerHead", decoder_params, DAFormerParams.__annotations__)
        width = decoder_params["embed_dims"]
        layers = [decoder_params["embed_cfg"]] * (len(self.in_channels) - 1) + [decoder_params["embed_neck_cfg"]]
        pairs = zip(layers, self.in_channels, strict=True)
        self.embed_layers = nn.ModuleList(DECODER_LAYERS.build(dict(in_channels=c, out_channels=width, **cfg)) for cfg, c in pairs)
        fusion = dict(in_channels=width * len(self.in_channels), out_channels=channels, **decoder_params["fusion_cfg"])
        self.fuse_layer = DECODER_LAYERS.build(fusion)

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> the fused map [B, C, h, w]."""
        levels = self.select(features)
        size = levels[0].shape[2:]
        embedded = [decoder_layout(layer(level)) for layer, level in zip(self.embed_layers, levels, strict=True)]
        embedded = [resize(level, size, self.align_corners) for level in embedded]
        return self.fuse_layer(torch.cat(embedded, dim=1))
