"""What residual networks are made of: blocks of convolutions beside a shortcut, and how their weights start.

Sources: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; "Bag of Tricks for Image Classification with Convolutional
Neural Networks", CVPR 2019, section 4 (the stride in the 3x3 convolution).

Letters: B images, C channels, (H, W) the map of the current layer; C', H', W' before it.
"""

from __future__ import annotations

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg.models.backbones.frozen_batch_norm import FrozenBatchNorm2d
from mmseg.utils.options.ranges import Positive

BATCH_NORM = {"type": "BN"}


def norm_layer(norm_cfg: dict, channels: int) -> nn.Module:
    """The normalisation that a config names, over ``channels`` channels."""
    return FrozenBatchNorm2d(channels) if norm_cfg["type"] == "FrozenBN" else build_norm_layer(norm_cfg, channels)[1]


class ResidualBlock(nn.Module):
    """relu(branch(x) + shortcut(x)). A block defines ``branch``, ``downsample`` (or None) and two constants.

    ``expansion`` is C over the option ``channels``; ``last_norm`` names the normalisation that ends the branch.
    """

    expansion: int
    last_norm: str
    downsample: nn.Module | None

    def branch(self, feature_map: Tensor) -> Tensor:
        """[B, C', H', W'] -> [B, C, H, W], what is added to the shortcut."""
        raise NotImplementedError

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C', H', W'] -> [B, C, H, W]."""
        shortcut = feature_map if self.downsample is None else self.downsample(feature_map)
        return F.relu(self.branch(feature_map) + shortcut, inplace=True)


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions and a shortcut.

    Args:
        in_channels: channels C' of the input.
        channels: C.
        stride, dilation: of the first convolution; the second one has neither, as published.
        shortcut: brings the input to the shape of the output; None adds it as it is.
        norm_cfg: normalisation.
    """

    expansion = 1
    last_norm = "bn2"

    def __init__(self, *, in_channels: int, channels: int, stride: int, dilation: int, shortcut: nn.Module | None, norm_cfg: dict) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=dilation, dilation=dilation, bias=False)
        self.bn1 = norm_layer(norm_cfg, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = norm_layer(norm_cfg, channels)
        self.downsample = shortcut

    def branch(self, feature_map: Tensor) -> Tensor:
        """[B, C', H', W'] -> [B, C, H, W]."""
        hidden = F.relu(self.bn1(self.conv1(feature_map)), inplace=True)
        return self.bn2(self.conv2(hidden))


class Bottleneck(ResidualBlock):
    """1x1, 3x3 and 1x1 convolutions and a shortcut.

    Args:
        channels: a quarter of C, and the width of the 3x3 convolution unless it is grouped.
        stride, dilation: of the 3x3 convolution.
        stride_first: the stride is that of the first 1x1 convolution instead, as in the networks of Caffe.
        groups: groups of the 3x3 convolution.
        group_width: channels of one group, as a part of ``channels``; unused with a single group.
        in_channels, shortcut, norm_cfg: see :class:`BasicBlock`.
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
        stride_first: bool = False,
        groups: Positive[int] = 1,
        group_width: float = 1.0,
    ) -> None:
        super().__init__()
        width = channels if groups == 1 else int(channels * group_width) * groups
        first, second = (stride, 1) if stride_first else (1, stride)
        self.conv1 = nn.Conv2d(in_channels, width, 1, stride=first, bias=False)
        self.bn1 = norm_layer(norm_cfg, width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=second, padding=dilation, dilation=dilation, groups=groups, bias=False)
        self.bn2 = norm_layer(norm_cfg, width)
        self.conv3 = nn.Conv2d(width, channels * self.expansion, 1, bias=False)
        self.bn3 = norm_layer(norm_cfg, channels * self.expansion)
        self.downsample = shortcut

    def branch(self, feature_map: Tensor) -> Tensor:
        """[B, C', H', W'] -> [B, C, H, W]."""
        hidden = F.relu(self.bn1(self.conv1(feature_map)), inplace=True)
        hidden = F.relu(self.bn2(self.conv2(hidden)), inplace=True)
        return self.bn3(self.conv3(hidden))


def draw_weights(module: nn.Module) -> None:
    """He's normal initialisation; every residual branch starts at zero (Goyal et al. 2017, section 5.1)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, (_BatchNorm, nn.GroupNorm)):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, ResidualBlock):  # nn.Module.apply visits children first
        last = getattr(module, module.last_norm)
        if not isinstance(last, FrozenBatchNorm2d):  # which would stay at zero
            nn.init.zeros_(last.weight)


def draw_narrow(module: nn.Module, std: float) -> None:
    """Convolutions from N(0, std), normalisations at 1 and 0 (the published code of CPSL)."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, std=std)
    elif isinstance(module, (_BatchNorm, nn.GroupNorm)):
        module.reset_parameters()
