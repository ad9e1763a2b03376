"""Layers that embed one encoder level or fuse all of them, by the names that ``decoder_params`` uses.

Sources: Hoyer et al., "DAFormer", CVPR 2022, section 3.2 and table 7 (which of them fuse best);
Chen et al., "Encoder-Decoder with Atrous Separable Convolution", ECCV 2018 (ASPP, separable ASPP);
Huang et al., "Interlaced Sparse Self-Attention for Semantic Segmentation", 2019 (ISA).

Letters: B images, C channels, (H, W) the map, (P, Q) cells per column and row, (p, q) pixels per cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmengine.registry import Registry
from torch import Tensor, nn

from mmseg.models.decode_heads.dilated_conv import DilatedConv2d
from mmseg.models.layer_options import ActivationConfig, NormConfig
from mmseg.registry import build_checked
from mmseg.utils.options.ranges import NonNegative, OddSize, Pair, Positive, Some

DECODER_LAYERS = Registry("decoder layer", scope="mmseg", locations=["mmseg.models.decode_heads.layers"], build_func=build_checked)


@DECODER_LAYERS.register_module(name="mlp")
class PixelLinear(nn.Module):
    """A linear layer at every pixel. Its weight is stored as [C', C], as in SegFormer's decoder.

    Args:
        in_channels, out_channels: C and C', which the decoder gives.
        act_cfg, norm_cfg: must be None; accepted because published configs spell them out.
    """

    def __init__(self, *, in_channels: Positive[int], out_channels: Positive[int], act_cfg: None = None, norm_cfg: None = None) -> None:
        super().__init__()
        self.proj = nn.Linear(in_channels, out_channels)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C', H, W]."""
        return F.conv2d(feature_map, self.proj.weight[:, :, None, None], self.proj.bias)


@DECODER_LAYERS.register_module(name="conv")
def conv_layer(
    *,
    in_channels: Positive[int],
    out_channels: Positive[int],
    kernel_size: OddSize = 1,
    norm_cfg: NormConfig | None = None,
    act_cfg: ActivationConfig | None = None,
) -> ConvModule:
    """Convolution, normalisation, activation at unchanged size.

    Args:
        in_channels, out_channels: C and C', which the decoder gives.
        kernel_size: of the convolution.
        norm_cfg: normalisation, or None.
        act_cfg: activation, or None.
    """
    return ConvModule(in_channels, out_channels, kernel_size, padding=kernel_size // 2, norm_cfg=norm_cfg, act_cfg=act_cfg)


def pyramid_branches(feature_map: Tensor, convolutions: Iterable[nn.Module], image_pool: nn.Module | None = None) -> Tensor:
    """The parallel branches of :class:`ASPP`, concatenated; the mean of the image, spread over the map, comes first.

    Args:
        feature_map: [B, C, H, W].
        convolutions: each [B, C, H, W] -> [B, C', H, W].
        image_pool: [B, C, H, W] -> [B, C', 1, 1], or None.
    """
    branches = [convolution(feature_map) for convolution in convolutions]
    if image_pool is not None:
        branches.insert(0, image_pool(feature_map).expand(-1, -1, *feature_map.shape[2:]))
    return torch.cat(branches, dim=1)


@DECODER_LAYERS.register_module(name="aspp")
class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: parallel dilated convolutions, concatenated and merged by a 3x3 one.

    Args:
        dilations: one branch each; 1 is a 1x1 convolution, the others are 3x3.
        sep: dilated branches are depthwise-separable, which DAFormer found as good and much smaller.
        pool: a further branch with the mean of the image.
        in_channels, out_channels: C and C', which the decoder gives.
        norm_cfg: normalisation of all layers, or None.
        act_cfg: activation of all layers, or None.
    """

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        out_channels: Positive[int],
        dilations: Some[Positive[int]] = (1, 6, 12, 18),
        sep: bool = False,
        pool: bool = False,
        norm_cfg: NormConfig | None = None,
        act_cfg: ActivationConfig | None = None,
    ) -> None:
        super().__init__()
        options = {"norm_cfg": norm_cfg, "act_cfg": act_cfg}
        if pool:
            self.image_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvModule(in_channels, out_channels, 1, **options))
        dilated = DepthwiseSeparableConvModule if sep else ConvModule
        self.aspp_modules = nn.ModuleList(
            ConvModule(in_channels, out_channels, 1, **options)
            if dilation == 1
            else dilated(in_channels, out_channels, 3, dilation=dilation, padding=dilation, conv_cfg={"type": DilatedConv2d}, **options)
            for dilation in dilations
        )
        self.pool = pool
        self.bottleneck = ConvModule((len(dilations) + pool) * out_channels, out_channels, 3, padding=1, **options)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C', H, W]."""
        return self.bottleneck(pyramid_branches(feature_map, self.aspp_modules, self.image_pool if self.pool else None))


@DECODER_LAYERS.register_module(name="rawconv_and_aspp")
def conv_and_aspp(*, in_channels: Positive[int], out_channels: Positive[int], kernel_size: OddSize = 1, **aspp_options) -> nn.Sequential:
    """A bare convolution to fewer channels, then :class:`ASPP` with the other options.

    Args:
        in_channels, out_channels: C and C', which the decoder gives.
        kernel_size: of the bare convolution.
    """
    reduce = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
    aspp = DECODER_LAYERS.build(dict(type="aspp", in_channels=out_channels, out_channels=out_channels, **aspp_options))
    return nn.Sequential(reduce, aspp)


def attend_pixels(query: Tensor, key: Tensor, value: Tensor, scale: float | None = None) -> Tensor:
    """Every pixel becomes the mean of all values, weighted by softmax(scale * query . key).

    Args:
        query, key: [B, D, H, W].
        value: [B, C, H, W].
        scale: factor of the products; None for 1/sqrt(D).

    Returns:
        [B, C, H, W].
    """
    size = value.shape[2:]
    query, key, value = (projection.flatten(2).transpose(1, 2)[:, None] for projection in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value, scale=scale)[:, 0].transpose(1, 2).unflatten(2, size)


class PixelAttention(nn.Module):
    """Single-head self-attention among the pixels of a map.

    Args:
        channels: channels of the map, kept.
        hidden_channels: channels of query and key; the values keep ``channels``.
        num_convs: 1x1 convolutions that make query and key.
    """

    def __init__(
        self,
        *,
        channels: Positive[int],
        hidden_channels: Positive[int],
        num_convs: NonNegative[int],
        norm_cfg: NormConfig | None,
        act_cfg: ActivationConfig | None,
    ) -> None:
        super().__init__()
        options = {"norm_cfg": norm_cfg, "act_cfg": act_cfg}
        self.key_project = _pointwise(channels, hidden_channels, num_convs, options)
        self.query_project = _pointwise(channels, hidden_channels, num_convs, options)
        self.value_project = nn.Conv2d(channels, channels, 1)
        self.output_project = ConvModule(channels, channels, 1, **options)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H, W]."""
        attended = attend_pixels(self.query_project(feature_map), self.key_project(feature_map), self.value_project(feature_map))
        return self.output_project(attended)


def _pointwise(channels: int, out_channels: int, num_convs: int, options: dict) -> nn.Module:
    widths = [channels] + [out_channels] * num_convs
    convs = [ConvModule(a, b, 1, **options) for a, b in itertools.pairwise(widths)]
    return convs[0] if num_convs == 1 else nn.Sequential(*convs)


def interlace(
    feature_map: Tensor, cell: Sequence[int], global_relation: Callable[[Tensor], Tensor], local_relation: Callable[[Tensor], Tensor]
) -> Tensor:
    """Applies one relation among far pixels, then another inside each cell; both together reach every pair of pixels.

    Args:
        feature_map: [B, C, H, W]; padded with zeros to whole cells, evenly on both sides.
        cell: (p, q) size of a cell in pixels.
        global_relation: [B*p*q, C, P, Q] -> the same shape; sees the same place of all cells.
        local_relation: [B*P*Q, C, p, q] -> the same shape; sees all places of one cell.

    Returns:
        [B, C, H, W].
    """
    (height, width), (p, q) = feature_map.shape[2:], cell
    pad_h, pad_w = -height % p, -width % q
    top, left = pad_h // 2, pad_w // 2
    padded = F.pad(feature_map, (left, pad_w - left, top, pad_h - top))
    cells = padded.unflatten(3, (-1, q)).unflatten(2, (-1, p))  # [B, C, P, p, Q, q]
    batch, channels, rows, _, columns, _ = cells.shape
    far = cells.permute(0, 3, 5, 1, 2, 4).reshape(-1, channels, rows, columns)
    far = global_relation(far).view(batch, p, q, channels, rows, columns)
    near = far.permute(0, 4, 5, 3, 1, 2).reshape(-1, channels, p, q)
    near = local_relation(near).view(batch, rows, columns, channels, p, q)
    merged = near.permute(0, 3, 1, 4, 2, 5).reshape(batch, channels, rows * p, columns * q)
    return merged[:, :, top : top + height, left : left + width]


@DECODER_LAYERS.register_module(name="isa")
class InterlacedAttention(nn.Module):
    """Interlaced sparse self-attention: first among far pixels, then inside each cell.

    Args:
        isa_channels: channels of query and key.
        key_query_num_convs: 1x1 convolutions that make query and key.
        down_factor: (p, q) size of a cell; the map is padded with zeros to whole cells.
        in_channels, out_channels: C and C', which the decoder gives.
        norm_cfg: normalisation of all layers, or None.
        act_cfg: activation of all layers, or None.
    """

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        out_channels: Positive[int],
        isa_channels: Positive[int] = 256,
        key_query_num_convs: Positive[int] = 1,
        down_factor: Pair[Positive[int]] = (8, 8),
        norm_cfg: NormConfig | None = None,
        act_cfg: ActivationConfig | None = None,
    ) -> None:
        super().__init__()
        options = {"norm_cfg": norm_cfg, "act_cfg": act_cfg}
        attention = dict(channels=out_channels, hidden_channels=isa_channels, num_convs=key_query_num_convs, **options)
        self.down_factor = tuple(down_factor)
        self.in_conv = ConvModule(in_channels, out_channels, 1, **options)
        self.global_relation = PixelAttention(**attention)
        self.local_relation = PixelAttention(**attention)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C', H, W]."""
        return interlace(self.in_conv(feature_map), self.down_factor, self.global_relation, self.local_relation)
