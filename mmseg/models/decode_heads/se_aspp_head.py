"""The 'modified' decoder of label shift adaptation: parallel dilated convolutions, weighed by channel, then a classifier.

Source: the second head of the published code of Liu et al., "Undoing the Damage of Label Shift for Cross-domain Semantic
Segmentation", CVPR 2022 (in its head table); squeeze-and-excitation of Hu et al., CVPR 2018. Names of the layers as in its checkpoints.

Letters: B images, C channels, K classes, (h, w) the encoder level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.registry import MODELS
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.options.ranges import Positive, ShareBelowOne, Some

GROUPS = 32  # of the normalisation
REDUCTION = 16  # of channels inside of the squeeze-and-excitation


class SqueezeExcitation(nn.Module):
    """Multiplies every channel by a factor in (0, 1) that the mean of the map decides.

    Args:
        channels: C.
    """

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // REDUCTION)
        self.se = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C, h, w]."""
        return feature_map * self.se(feature_map.mean(dim=(2, 3)))[:, :, None, None]


def group_norm(channels: int) -> nn.GroupNorm:
    """Over ``channels`` channels in :data:`GROUPS` groups, or as many as divide both."""
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)


@MODELS.register_module()
class SEASPPHead(DecodeHead):
    """Atrous spatial pyramid pooling with GroupNorm and squeeze-and-excitation.

    A 1x1 and four dilated 3x3 convolutions, joined and weighed; a 3x3 convolution with GroupNorm and, as published, no ReLU after it;
    dropout, and a 1x1 classifier without bias. There is no branch of the whole image's mean.

    Args:
        channels: of every branch and of the map before the classifier; published: 256.
        dilations: one 3x3 convolution each.
        dropout_ratio: channels dropped before the classifier.
        init_std: weights of all convolutions start from N(0, init_std), as in CPSL; None: as published for label shift adaptation.
        in_channels, in_index, num_classes, align_corners, loss_decode, ignore_index: see :class:`DecodeHead`; the last level by
            default. Published models use ``align_corners=True``.
    """

    output_stride = 8
    classifiers = ("head",)

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        num_classes: Positive[int],
        channels: Positive[int],
        dilations: Some[Positive[int]] = (6, 12, 18, 24),
        dropout_ratio: ShareBelowOne = 0.1,
        init_std: Positive[float] | None = None,
        **shared,
    ) -> None:
        super().__init__(in_channels=in_channels, channels=None, num_classes=num_classes, **shared)
        self.init_std = init_std
        plain = nn.Conv2d(in_channels, channels, 1)
        dilated = (nn.Conv2d(in_channels, channels, 3, padding=rate, dilation=rate) for rate in dilations)
        branches = [nn.Sequential(conv, group_norm(channels), nn.ReLU(inplace=True)) for conv in (plain, *dilated)]
        self.conv2d_list, joined = nn.ModuleList(branches), channels * len(branches)
        fusion = (nn.Conv2d(joined, channels, 3, padding=1), group_norm(channels))
        self.bottleneck = nn.Sequential(SqueezeExcitation(channels=joined), *fusion)
        self.head = nn.Sequential(nn.Dropout2d(dropout_ratio), nn.Conv2d(channels, num_classes, 1, bias=False))

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .] -> the map [B, C, h, w] of the chosen one after the dropout, as CPSL compares it."""
        (level,) = self.select(features)
        dropout, _ = self.head
        return dropout(self.bottleneck(torch.cat([branch(level) for branch in self.conv2d_list], dim=1)))

    def classify(self, feature_map: Tensor) -> Tensor:
        """The 1x1 classifier: [B, C, h, w] -> [B, K, h, w]."""
        return at_least_float32(self.head[1](feature_map))

    def init_weights(self) -> None:
        """torch's defaults, but He's for the fusion (fan_in, no bias) and N(0, 0.001) for the classifier, as published; or ``init_std``."""
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear, nn.GroupNorm)):
                module.reset_parameters()
        nn.init.kaiming_normal_(self.bottleneck[1].weight)
        nn.init.zeros_(self.bottleneck[1].bias)
        nn.init.normal_(self.head[1].weight, std=0.001)
        for module in self.modules() if self.init_std is not None else ():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=self.init_std)
        self._is_init = True
