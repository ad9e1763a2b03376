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
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg.models.backbones.checkpointing import run_block
from mmseg.models.backbones.residual_blocks import BATCH_NORM, BasicBlock, Bottleneck, ResidualBlock, draw_narrow, draw_weights, norm_layer
from mmseg.models.backbones.style_hallucination import style_hallucination
from mmseg.models.layer_options import FrozenNormConfig, NormConfig
from mmseg.models.weights.pretrained import load_pretrained, pretrained_path
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, Some

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}
"""Depth -> residual blocks of the four stages; from 50 layers on they are bottlenecks."""


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
        style: 'pytorch': a bottleneck has its stride in the 3x3 convolution; 'caffe': in the first 1x1 convolution.
        pool_ceil_mode: the pooling of the stem rounds its size up, not down (65x113 of a crop of 512x896).
        bgr: the weights want blue first, as Caffe's do; images are RGB all the same.
        last_norm: one more normalisation after the last stage, ``bn_pretrain``, for weights whose last map has another scale than
            those of classification (CPSL's second and third stage); weights from files may lack it.
        init_std: convolutions start from N(0, init_std); None: He's normal initialisation.
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
        pool_ceil_mode: bool = False,
        bgr: bool = False,
        last_norm: bool = False,
        init_std: Positive[float] | None = None,
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
        _check(type(self).__name__, depth=depth, style=style, groups=groups, own_block=block is not None)
        _check_stages(type(self).__name__, num_stages, strides=strides, dilations=dilations, out_indices=out_indices)
        self.num_stages, self.out_indices, self.norm_eval, self.with_cp = num_stages, tuple(out_indices), norm_eval, with_cp
        self.pool_ceil_mode, self.bgr, self.init_std = pool_ceil_mode, bgr, init_std
        self.pretrained = pretrained_path(pretrained, init_cfg)
        self._add_stem(stem_channels, norm_cfg)
        if block is None:
            options = {"stride_first": style == "caffe", "groups": groups, "group_width": base_width / base_channels}
            block = BasicBlock if depth < 50 else partial(Bottleneck, **options)
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
        self.bn_pretrain = norm_layer(norm_cfg, in_channels) if last_norm else None
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
        image = image.flip(1) if self.bgr else image
        stem = self.stem(image) if self.deep_stem else F.relu(self.bn1(self.conv1(image)), inplace=True)
        feature_map, outputs = F.max_pool2d(stem, 3, stride=2, padding=1, ceil_mode=self.pool_ceil_mode), []
        for stage in range(max(self.out_indices) + 1):
            for block in getattr(self, f"layer{stage + 1}"):
                feature_map = run_block(block, feature_map, recompute=self.with_cp)
            if stage == 0 and self.style_hallucination is not None:
                feature_map = self.style_hallucination(feature_map)
            outputs.append(feature_map)
        if self.bn_pretrain is not None and len(outputs) == self.num_stages:
            outputs[-1] = self.bn_pretrain(feature_map)
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
            self.apply(draw_weights if self.init_std is None else partial(draw_narrow, std=self.init_std))
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


def _check(name: str, *, depth: int, style: str, groups: int, own_block: bool) -> None:
    if depth not in BLOCKS:
        raise UserError(f"{name} has no depth={depth!r}. Use one of {', '.join(map(str, BLOCKS))}.")
    if style not in ({"pytorch"} if own_block else {"pytorch", "caffe"}):
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
