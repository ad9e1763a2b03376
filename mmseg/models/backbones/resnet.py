"""ResNet, its deep-stem variant V1c and ResNeXt, dilated for segmentation.

Sources: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1; He et al., "Bag of
Tricks for Image Classification with Convolutional Neural Networks", CVPR 2019, section 4 (the stride in the
3x3 convolution, the stem of ResNet-C, the averaging shortcut of ResNet-D); Xie et al., "Aggregated Residual
Transformations for Deep Neural Networks", CVPR 2017 (ResNeXt); Chen et al., "DeepLab", TPAMI 2018, section 3.1
(dilations instead of strides).

Letters: B images, C channels, (H, W) the map of the current layer; C', H', W' before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg.models.backbones.checkpointing import run_block
from mmseg.models.backbones.frozen_batch_norm import FrozenBatchNorm2d
from mmseg.models.backbones.style_hallucination import style_hallucination
from mmseg.models.layer_options import FrozenNormConfig, NormConfig
from mmseg.models.weights.pretrained import load_pretrained, pretrained_path
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, Some

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}
"""Depth -> residual blocks of the four stages; from 50 layers on they are bottlenecks."""

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
        groups: Positive[int] = 1,
        group_width: float = 1.0,
    ) -> None:
        super().__init__()
        width = channels if groups == 1 else int(channels * group_width) * groups
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = norm_layer(norm_cfg, width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=dilation, dilation=dilation, groups=groups, bias=False)
        self.bn2 = norm_layer(norm_cfg, width)
        self.conv3 = nn.Conv2d(width, channels * self.expansion, 1, bias=False)
        self.bn3 = norm_layer(norm_cfg, channels * self.expansion)
        self.downsample = shortcut

    def branch(self, feature_map: Tensor) -> Tensor:
        """[B, C', H', W'] -> [B, C, H, W]."""
        hidden = F.relu(self.bn1(self.conv1(feature_map)), inplace=True)
        hidden = F.relu(self.bn2(self.conv2(hidden)), inplace=True)
        return self.bn3(self.conv3(hidden))


@MODELS.register_module()
class ResNet(BaseModule):
    """A residual network with the stem of ResNet (one 7x7 convolution) and four stages.

    The defaults are those of classification (last map at 1/32 of the image). Published segmentors use
    ``strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), contract_dilation=True`` (last map at 1/8).

    Args:
        depth: 18, 34, 50, 101, 152 or 200 layers.
        num_stages: stages from the first on.
        out_indices: stages whose maps are returned.
        strides: stride of each stage, in its first block.
        dilations: dilation of each stage's 3x3 convolutions.
        contract_dilation: the first block of a dilated stage has half of its dilation, because its input is
            that of a less dilated stage (against gridding).
        norm_cfg: normalisation; ``dict(type='FrozenBN')`` is :class:`FrozenBatchNorm2d`.
        norm_eval: BatchNorm uses its running statistics in training, too.
        style: 'pytorch': a bottleneck has its stride in the 3x3 convolution.
        stem_channels: channels after the stem.
        base_channels: ``channels`` of the first stage's blocks; doubled with every stage.
        groups: groups of the 3x3 convolution in bottlenecks (the cardinality of ResNeXt).
        base_width: channels of one group in the first stage; unused with a single group.
        with_cp: computes every residual block again in the backward pass instead of keeping what is inside: less
            memory for more time, the same gradients and running statistics.
        block: makes the residual blocks of a derived network; None chooses by depth.
        pretrained: weights that :meth:`init_weights` loads: a file or ``open-mmlab://NAME``
            (:mod:`mmseg.models.weights.pretrained`); None starts from scratch.
        style_hallucination_cfg: options of :class:`StyleHallucination` after the first stage, whose maps have 256
            channels (64 in networks of 18 and 34 layers); None leaves it out.
        init_cfg: ``dict(type='Pretrained', checkpoint=path)`` means the same.

    Raises:
        UserError: a depth, style or number of stages that does not exist.
    """

    deep_stem = False
    average_shortcut = False

    def __init__(
        self,
        *,
        depth: Positive[int],
        num_stages: Positive[int] = 4,
        out_indices: Some[NonNegative[int]] = (0, 1, 2, 3),
        strides: Sequence[Positive[int]] = (1, 2, 2, 2),
        dilations: Sequence[Positive[int]] = (1, 1, 1, 1),
        contract_dilation: bool = False,
        norm_cfg: NormConfig | FrozenNormConfig = BATCH_NORM,
        norm_eval: bool = False,
        style: str = "pytorch",
        stem_channels: Positive[int] = 64,
        base_channels: Positive[int] = 64,
        groups: Positive[int] = 1,
        base_width: Positive[int] = 4,
        with_cp: bool = False,
        block: Callable[..., ResidualBlock] | None = None,
        pretrained: str | None = None,
        style_hallucination_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        _check(type(self).__name__, depth=depth, style=style, groups=groups)
        _check_stages(type(self).__name__, num_stages, strides=strides, dilations=dilations, out_indices=out_indices)
        self.out_indices, self.norm_eval, self.with_cp = tuple(out_indices), norm_eval, with_cp
        self.pretrained = pretrained_path(pretrained, init_cfg)
        self._add_stem(stem_channels, norm_cfg)
        if block is None:
            block = BasicBlock if depth < 50 else partial(Bottleneck, groups=groups, group_width=base_width / base_channels)
        in_channels, expansion = stem_channels, BasicBlock.expansion if depth < 50 else Bottleneck.expansion
        for stage in range(num_stages):
            channels, stride, dilation = base_channels * 2**stage, strides[stage], dilations[stage]
            contracted = dilation // 2 if contract_dilation and dilation > 1 else dilation
            first = {"in_channels": in_channels, "stride": stride, "dilation": contracted}
            first["shortcut"] = self._shortcut(in_channels, channels * expansion, stride, norm_cfg)
            in_channels = channels * expansion
            other = {"in_channels": in_channels, "stride": 1, "dilation": dilation, "shortcut": None}
            options = [first, *[other] * (BLOCKS[depth][stage] - 1)]
            blocks = [block(channels=channels, norm_cfg=norm_cfg, **each) for each in options]
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.style_hallucination = style_hallucination(style_hallucination_cfg, channels=base_channels * expansion)

    def _add_stem(self, channels: int, norm_cfg: dict) -> None:
        if not self.deep_stem:
            self.conv1 = nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False)
            self.bn1 = norm_layer(norm_cfg, channels)
            return
        layers, widths = [], (3, channels // 2, channels // 2, channels)
        for index in range(3):
            layers.append(nn.Conv2d(widths[index], widths[index + 1], 3, stride=1 if index else 2, padding=1, bias=False))
            layers += [norm_layer(norm_cfg, widths[index + 1]), nn.ReLU(inplace=True)]
        self.stem = nn.Sequential(*layers)

    def _shortcut(self, in_channels: int, channels: int, stride: int, norm_cfg: dict) -> nn.Module | None:
        if stride == 1 and in_channels == channels:
            return None
        if not self.average_shortcut:
            return nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False), norm_layer(norm_cfg, channels))
        average = nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False)  # ceil: the branch rounds its size up as well
        return nn.Sequential(average, nn.Conv2d(in_channels, channels, 1, bias=False), norm_layer(norm_cfg, channels))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encodes a batch.

        Args:
            image: [B, 3, H, W], normalised.

        Returns:
            One map [B, C, ., .] per entry of ``out_indices``. The stem divides the image's sides by 4 and every
            stage by its stride, rounding up.
        """
        stem = self.stem(image) if self.deep_stem else F.relu(self.bn1(self.conv1(image)), inplace=True)
        feature_map, outputs = F.max_pool2d(stem, 3, stride=2, padding=1), []
        for stage in range(max(self.out_indices) + 1):
            for block in getattr(self, f"layer{stage + 1}"):
                feature_map = run_block(block, feature_map, recompute=self.with_cp)
            if stage == 0 and self.style_hallucination is not None:
                feature_map = self.style_hallucination(feature_map)
            outputs.append(feature_map)
        return tuple(outputs[index] for index in self.out_indices)

    def train(self, mode: bool = True) -> ResNet:
        """Switches to training or evaluation; ``norm_eval`` keeps BatchNorm in evaluation."""
        super().train(mode)
        for module in self.modules() if mode and self.norm_eval else ():
            if isinstance(module, _BatchNorm):
                module.eval()
        return self

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator, or loads ``pretrained``.

        Raises:
            UserError: the file does not exist or belongs to another network.
        """
        if self.pretrained is None:
            self.apply(_draw_weights)
        else:
            load_pretrained(self, self.pretrained)
        self._is_init = True


@MODELS.register_module()
class ResNetV1c(ResNet):
    """ResNet whose 7x7 stem is three 3x3 convolutions (ResNet-C of "Bag of Tricks"); options of :class:`ResNet`."""

    deep_stem = True


@MODELS.register_module()
class ResNeXt(ResNet):
    """ResNet with grouped 3x3 convolutions: ``groups=32, base_width=4`` is 32x4d; options of :class:`ResNet`."""


def _check(name: str, *, depth: int, style: str, groups: int) -> None:
    if depth not in BLOCKS:
        raise UserError(f"{name} has no depth={depth!r}. Use one of {', '.join(map(str, BLOCKS))}.")
    if style != "pytorch":
        raise UserError(f"{name} has no style={style!r}. Use style='pytorch', the stride in the 3x3 convolution.")
    if groups != 1 and depth < 50:
        raise UserError(f"{name}-{depth} has no grouped convolutions, but groups={groups}. Use groups=1, or a depth of at least 50.")


def _check_stages(name: str, num_stages: int, *, out_indices: Sequence[int], **values: Sequence[int]) -> None:
    if num_stages not in (1, 2, 3, 4):
        raise UserError(f"{name} got num_stages={num_stages!r}. Use 1 to 4.")
    for option, given in values.items():
        if len(given) != num_stages:
            raise UserError(f"{name} has {num_stages} stages, but {option}={given!r}. Give one value per stage.")
    if not out_indices or not set(out_indices) <= set(range(num_stages)):
        raise UserError(f"{name} has {num_stages} stages, but out_indices={out_indices!r}. Use indices from 0 to {num_stages - 1}.")


def _draw_weights(module: nn.Module) -> None:
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
