"""DeepLabV3+'s decoder without any statistics: its normalisations are frozen at their first values.

Source: Chen et al., "Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation", ECCV 2018, as it was trained for
Xie et al., "Towards Fewer Annotations: Active Learning via Region Impurity and Prediction Uncertainty for Domain Adaptive Semantic
Segmentation" (RIPU), CVPR 2022; names of the layers as in its checkpoints.

Letters: B images, C channels, K classes, (P, Q) the first encoder level, (h, w) the last one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.models.backbones.frozen_batch_norm import FrozenBatchNorm2d
from mmseg.models.decode_heads.decode_head import DecodeHead, resize
from mmseg.models.decode_heads.dilated_conv import DilatedConv2d
from mmseg.registry import MODELS
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.options.ranges import Pair, Positive, ShareBelowOne, Some


def convolution(in_channels: int, channels: int, kernel_size: int) -> list[nn.Module]:
    """A convolution without bias at unchanged size, its frozen normalisation, ReLU."""
    conv = nn.Conv2d(in_channels, channels, kernel_size, padding=kernel_size // 2, bias=False)
    return [conv, FrozenBatchNorm2d(channels), nn.ReLU(inplace=True)]


class SeparableConvolution(nn.Module):
    """A 3x3 convolution of every channel by itself, then a 1x1 convolution; a frozen normalisation and ReLU after each.

    Args:
        in_channels, channels: C' and C.
        dilation: of the 3x3 convolution.
    """

    def __init__(self, *, in_channels: int, channels: int, dilation: int = 1) -> None:
        super().__init__()
        shape = {"padding": dilation, "dilation": dilation, "groups": in_channels, "bias": False}
        self.depthwise_conv = DilatedConv2d(in_channels, in_channels, 3, **shape)
        self.depthwise_bn = FrozenBatchNorm2d(in_channels)
        self.pointwise_conv = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.pointwise_bn = FrozenBatchNorm2d(channels)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C', h, w] -> [B, C, h, w]."""
        hidden = F.relu(self.depthwise_bn(self.depthwise_conv(feature_map)), inplace=True)
        return F.relu(self.pointwise_bn(self.pointwise_conv(hidden)), inplace=True)


@MODELS.register_module()
class DLV3PlusHead(DecodeHead):
    """Separable ASPP with the mean of the image, then two separable convolutions together with the first encoder level.

    It differs from :class:`DepthwiseSeparableASPPHead` in its normalisations: :class:`FrozenBatchNorm2d` that nothing ever changes, and
    that start as the identity. Only convolutions are trained.

    Args:
        in_channels: of the first and the last encoder level.
        channels: of every branch and of the map before the classifier; published: 512.
        c1_channels: channels that the first level is reduced to, few so that the context prevails; published: 48.
        dilations: of the separable branches beside the 1x1 convolution.
        dropout_ratio: channels dropped before the classifier.
        in_index, num_classes, align_corners, loss_decode, ignore_index: see :class:`DecodeHead`; the first and the last level by
            default. Published models use ``align_corners=True``.
    """

    classifiers = ("decoder.3",)

    def __init__(
        self,
        *,
        in_channels: Pair[Positive[int]],
        num_classes: Positive[int],
        channels: Positive[int],
        c1_channels: Positive[int],
        dilations: Some[Positive[int]] = (6, 12, 18),
        dropout_ratio: ShareBelowOne = 0.1,
        in_index: Pair[int] = (0, -1),
        **shared,
    ) -> None:
        super().__init__(in_channels=in_channels, in_index=in_index, channels=None, num_classes=num_classes, **shared)
        fine, last = in_channels
        dilated = (SeparableConvolution(in_channels=last, channels=channels, dilation=rate) for rate in dilations)
        self.parallel_branches = nn.ModuleList([nn.Sequential(*convolution(last, channels, 1)), *dilated])
        self.global_branch = nn.Sequential(nn.AdaptiveAvgPool2d(1), *convolution(last, channels, 1))
        self.bottleneck = nn.Sequential(*convolution((len(self.parallel_branches) + 1) * channels, channels, 3))
        self.shortcut = nn.Sequential(*convolution(fine, c1_channels, 1))
        self.decoder = nn.Sequential(
            SeparableConvolution(in_channels=channels + c1_channels, channels=channels),
            SeparableConvolution(in_channels=channels, channels=channels),
            nn.Dropout2d(dropout_ratio),
            nn.Conv2d(channels, num_classes, 1),
        )

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> the map [B, C, P, Q], with dropout as the layers of the checkpoints have it."""
        fine, last = self.select(features)
        whole = self.global_branch(last).expand(-1, -1, *last.shape[2:])
        context = self.bottleneck(torch.cat([*(branch(last) for branch in self.parallel_branches), whole], dim=1))
        details = self.shortcut(fine)
        merged = torch.cat([resize(context, details.shape[2:], self.align_corners), details], dim=1)
        return self.decoder[:-1](merged)

    def classify(self, feature_map: Tensor) -> Tensor:
        """The 1x1 classifier: [B, C, P, Q] -> [B, K, P, Q]."""
        return at_least_float32(self.decoder[-1](feature_map))

    def init_weights(self) -> None:
        """He's weights (fan_in) for every convolution, torch's default for the bias of the classifier."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.reset_parameters()
                nn.init.kaiming_normal_(module.weight)
        self._is_init = True
