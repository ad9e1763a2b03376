"""A fully convolutional decoder on one encoder level; the usual auxiliary head.

Sources: Long et al., "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015; Zhao et al., "Pyramid Scene
Parsing Network", CVPR 2017, section 3.3 (an auxiliary loss on the last but one stage, weight 0.4).

Letters: B images, C channels, K classes, (h, w) the encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, OddSize, Positive


@MODELS.register_module()
class FCNHead(DecodeHead):
    """A few convolutions, optionally joined with their input, and the classifier.

    Args:
        num_convs: convolutions of ``channels`` channels before the classifier; 0 for none.
        kernel_size: of all convolutions but the classifier.
        concat_input: a further convolution sees the input beside the result of the others.
        dilation: of the ``num_convs`` convolutions.
        in_channels, in_index, channels, num_classes, dropout_ratio, norm_cfg, align_corners, loss_decode,
            ignore_index: see :class:`DecodeHead`.

    Raises:
        UserError: no convolution, but ``channels`` is not ``in_channels``.
    """

    output_stride = 8  # of a dilated ResNet, whose last but one stage it usually sees

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        in_index: int,
        channels: Positive[int],
        num_classes: Positive[int],
        num_convs: NonNegative[int] = 2,
        kernel_size: OddSize = 3,
        concat_input: bool = True,
        dilation: Positive[int] = 1,
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
        if num_convs == 0 and in_channels != channels:
            raise UserError(f"FCNHead: num_convs=0 keeps the {in_channels} channels of its input. Use channels={in_channels}.")
        half = kernel_size // 2
        dilated = {"padding": half * dilation, "dilation": dilation, "norm_cfg": norm_cfg}
        widths = [in_channels] + [channels] * (num_convs - 1)
        self.convs = nn.Sequential(*(ConvModule(width, channels, kernel_size, **dilated) for width in widths[:num_convs]))
        self.conv_cat = None
        if concat_input:
            self.conv_cat = ConvModule(in_channels + channels, channels, kernel_size, padding=half, norm_cfg=norm_cfg)

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .] -> the last map [B, C, h, w], of the chosen one."""
        (level,) = self.select(features)
        hidden = self.convs(level)
        if self.conv_cat is not None:
            hidden = self.conv_cat(torch.cat([level, hidden], dim=1))
        return hidden
