"""ResNeSt, a deep-stem ResNet whose 3x3 convolutions are split into parts that attend to each other.

Source: Zhang et al., "ResNeSt: Split-Attention Networks", 2020, section 3 (split attention in the
radix-major form of its appendix, with cardinality 1), on the ResNet-D of "Bag of Tricks" (:mod:`.resnet`).

Letters: B images, C channels, R splits (radix), (H, W) the map of the current layer; C', H', W' before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import torch.nn.functional as F
from annotated_types import Ge
from torch import Tensor, nn

from mmseg.models.backbones.residual_blocks import BATCH_NORM, ResidualBlock, norm_layer
from mmseg.models.backbones.resnet import ResNet
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, Some

MIN_ATTENTION_WIDTH = 32


def split_attention(splits: Tensor, scores: Tensor) -> Tensor:
    """Mean of the splits, weighted by a softmax over them in every channel.

    Args:
        splits: [B, R, C, H, W].
        scores: [B, R, C].

    Returns:
        [B, C, H, W].
    """
    return (splits * scores.softmax(1)[..., None, None]).sum(1)


class SplitAttentionConv(nn.Module):
    """R parallel 3x3 convolutions, each of its own part of the input, merged by :func:`split_attention`.

    Args:
        channels: C before and after; a multiple of ``radix``.
        dilation: of the 3x3 convolutions.
        radix: R, at least 2.
        reduction_factor: the two layers that make the scores are C * R / ``reduction_factor`` wide, at least 32.
        norm_cfg: normalisation.
    """

    def __init__(self, *, channels: int, stride: int, dilation: int, radix: int, reduction_factor: int, norm_cfg: dict) -> None:
        super().__init__()
        self.radix = radix
        hidden = max(channels * radix // reduction_factor, MIN_ATTENTION_WIDTH)
        options = {"stride": stride, "padding": dilation, "dilation": dilation, "bias": False}
        self.conv = nn.Conv2d(channels, channels * radix, 3, groups=radix, **options)
        self.bn0 = norm_layer(norm_cfg, channels * radix)
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.bn1 = norm_layer(norm_cfg, hidden)
        self.fc2 = nn.Conv2d(hidden, channels * radix, 1)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H', W'] -> [B, C, H, W]."""
        splits = F.relu(self.bn0(self.conv(feature_map)), inplace=True).unflatten(1, (self.radix, -1))
        context = splits.sum(1).mean((2, 3), keepdim=True)  # [B, C, 1, 1]
        scores = self.fc2(F.relu(self.bn1(self.fc1(context)), inplace=True))
        return split_attention(splits, scores.flatten(1).unflatten(1, (self.radix, -1)))


class SplitAttentionBottleneck(ResidualBlock):
    """1x1, split-attention 3x3 and 1x1 convolutions and a shortcut.

    Args:
        stride: of the 3x3 convolutions, or of an average behind them.
        average_stride: the stride is that of a 3x3 average.
        radix, reduction_factor: see :class:`SplitAttentionConv`.
        in_channels, channels, dilation, shortcut, norm_cfg: see :class:`mmseg.models.backbones.residual_blocks.Bottleneck`.
    """

    expansion = 4
    last_norm = "bn3"

    def __init__(
        self,
        *,
        in_channels: int,
        channels: int,
        stride: int,
        dilation: int,
        shortcut: nn.Module | None,
        norm_cfg: dict,
        radix: int,
        reduction_factor: Positive[int],
        average_stride: bool,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = norm_layer(norm_cfg, channels)
        attention = {"radix": radix, "reduction_factor": reduction_factor, "norm_cfg": norm_cfg}
        conv_stride = 1 if average_stride else stride
        self.conv2 = SplitAttentionConv(channels=channels, stride=conv_stride, dilation=dilation, **attention)
        self.average = nn.AvgPool2d(3, stride=stride, padding=1) if average_stride and stride > 1 else nn.Identity()
        self.conv3 = nn.Conv2d(channels, channels * self.expansion, 1, bias=False)
        self.bn3 = norm_layer(norm_cfg, channels * self.expansion)
        self.downsample = shortcut

    def branch(self, feature_map: Tensor) -> Tensor:
        """[B, C', H', W'] -> [B, C, H, W]."""
        hidden = F.relu(self.bn1(self.conv1(feature_map)), inplace=True)
        return self.bn3(self.conv3(self.average(self.conv2(hidden))))


@MODELS.register_module()
class ResNeSt(ResNet):
    """ResNet-D with split attention. Published: ``stem_channels`` 64 at depth 50 and 128 at 101 and 200.

    In training, B must be at least 2: the normalisation between the layers that make the scores sees one
    value per image and channel.

    Args:
        depth: 50, 101, 152 or 200 layers.
        radix: splits R, at least 2.
        reduction_factor: channels between the layers that make the scores, as a part of those of all splits.
        avg_down_stride: strides are those of a 3x3 average behind the convolution.
        others: see :class:`ResNet`.

    Raises:
        UserError: a depth that does not exist.
    """

    deep_stem = True
    average_shortcut = True

    def __init__(
        self,
        *,
        depth: Positive[int],
        num_stages: Positive[int] = 4,
        out_indices: Some[NonNegative[int]] = (0, 1, 2, 3),
        strides: Sequence[Positive[int]] = (1, 2, 2, 2),
        dilations: Sequence[Positive[int]] = (1, 1, 1, 1),
        contract_dilation: bool = False,
        norm_cfg: NormConfig = BATCH_NORM,
        norm_eval: bool = False,
        style: str = "pytorch",
        stem_channels: Positive[int] = 64,
        base_channels: Positive[int] = 64,
        radix: Annotated[int, Ge(2)] = 2,
        reduction_factor: Positive[int] = 4,
        avg_down_stride: bool = True,
        with_cp: bool = False,
        pretrained: str | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        if depth < 50:
            raise UserError(f"ResNeSt has no depth={depth}. Use a depth of 50, 101, 152 or 200.")
        block = partial(SplitAttentionBottleneck, radix=radix, reduction_factor=reduction_factor, average_stride=avg_down_stride)
        super().__init__(
            depth=depth,
            num_stages=num_stages,
            out_indices=out_indices,
            strides=strides,
            dilations=dilations,
            contract_dilation=contract_dilation,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            style=style,
            stem_channels=stem_channels,
            base_channels=base_channels,
            with_cp=with_cp,
            block=block,
            pretrained=pretrained,
            init_cfg=init_cfg,
        )
