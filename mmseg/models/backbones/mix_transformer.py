"""Mix Transformer (MiT), the hierarchical encoder of SegFormer.

Source: Xie et al., "SegFormer: Simple and Efficient Design for Semantic Segmentation with
Transformers", NeurIPS 2021, section 3.1: overlapped patch merging, efficient self-attention over a
spatially reduced key/value sequence, Mix-FFN with a depthwise convolution instead of positions.

Letters: B images, C channels, (H, W) the map of the current stage, N = H*W tokens, M reduced tokens.

Maps travel as [B, C, H, W] in channels-last memory, so that a token sequence [B, N, C] is a *view* of
a map and back: nothing is copied between attention, normalisation and convolution.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from timm.layers import DropPath
from torch import Tensor, nn

from mmseg.models.backbones.checkpointing import run_block
from mmseg.models.backbones.style_hallucination import style_hallucination
from mmseg.models.weights.pretrained import load_pretrained, pretrained_path
from mmseg.registry import MODELS
from mmseg.utils.errors import SmallImageError, UserError
from mmseg.utils.options.ranges import ColorChannels, Positive, ShareBelowOne


def to_tokens(feature_map: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, N, C]; a view if the map is channels-last."""
    return feature_map.flatten(2).transpose(1, 2)


def to_map(tokens: Tensor, height: int, width: int) -> Tensor:
    """[B, N, C] -> [B, C, H, W] in channels-last memory; a view.

    Of a single image as well: its tokens may have any stride along the batch, and torch takes a map with a wrong one for plain.
    """
    return tokens.flatten(0, 1).unflatten(0, (len(tokens), height, width)).permute(0, 3, 1, 2)


class OverlapPatchEmbed(nn.Module):
    """Overlapped patch merging: a strided convolution and a normalisation.

    Args:
        in_channels, embed_dim: channels before and after.
        stride: reduction of the resolution. The window overlaps its neighbours on all sides: 7 wide
            at stride 4 and 3 wide at stride 2, as published.
    """

    def __init__(self, *, in_channels: int, embed_dim: int, stride: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(in_channels, embed_dim, 2 * stride - 1, stride=stride, padding=stride - 1)
        self.norm = nn.LayerNorm(embed_dim)  # eps 1e-5 here, 1e-6 in the blocks: the published weights expect both

    def forward(self, feature_map: Tensor) -> tuple[Tensor, int, int]:
        """[B, C', H', W'] -> tokens [B, N, C], H, W."""
        projected = self.proj(feature_map)
        return self.norm(to_tokens(projected)), projected.shape[2], projected.shape[3]


class EfficientAttention(nn.Module):
    """Multi-head self-attention whose keys and values are reduced by a strided convolution (eq. 2).

    Args:
        dim: channels C.
        num_heads: heads; must divide ``dim``.
        sr_ratio: the key/value map is this factor smaller per side; 1 keeps it.
        qkv_bias: biases in the query and key/value projections.
        drop_rate: dropout after the output projection.
    """

    def __init__(self, *, dim: int, num_heads: int, sr_ratio: int, qkv_bias: bool, drop_rate: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q = nn.Linear(dim, dim, bias=qkv_bias)
        self.kv = nn.Linear(dim, 2 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(drop_rate)
        if sr_ratio > 1:
            self.sr = nn.Conv2d(dim, dim, sr_ratio, stride=sr_ratio)
            self.norm = nn.LayerNorm(dim)  # eps 1e-5, as in the patch embedding
        else:
            self.sr = None

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """[B, N, C] -> [B, N, C]."""
        context = tokens if self.sr is None else self.norm(to_tokens(self.sr(to_map(tokens, height, width))))
        query = self.q(tokens).unflatten(2, (self.num_heads, -1)).transpose(1, 2)  # [B, heads, N, C/heads]
        key, value = self.kv(context).unflatten(2, (2, self.num_heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.proj_drop(self.proj(attended.transpose(1, 2).flatten(2)))


class DepthwiseConv(nn.Module):
    """A 3x3 depthwise convolution over tokens; its zero padding tells the network where it is."""

    def __init__(self, *, dim: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """[B, N, C] -> [B, N, C]."""
        return to_tokens(self.dwconv(to_map(tokens, height, width)))


class MixFFN(nn.Module):
    """Linear, 3x3 depthwise convolution, GELU, linear (eq. 3)."""

    def __init__(self, *, dim: int, hidden_dim: int, drop_rate: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden_dim)
        self.dwconv = DepthwiseConv(dim=hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, dim)
        self.drop = nn.Dropout(drop_rate)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """[B, N, C] -> [B, N, C]."""
        hidden = F.gelu(self.dwconv(self.fc1(tokens), height, width))
        return self.drop(self.fc2(self.drop(hidden)))


class Block(nn.Module):
    """Attention and Mix-FFN, each behind a normalisation and a residual connection with stochastic depth."""

    def __init__(
        self, *, dim: int, num_heads: int, sr_ratio: int, mlp_ratio: float, qkv_bias: bool, drop_rate: float, drop_path_rate: float
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = EfficientAttention(dim=dim, num_heads=num_heads, sr_ratio=sr_ratio, qkv_bias=qkv_bias, drop_rate=drop_rate)
        self.drop_path = DropPath(drop_path_rate) if drop_path_rate > 0 else nn.Identity()
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = MixFFN(dim=dim, hidden_dim=int(dim * mlp_ratio), drop_rate=drop_rate)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """[B, N, C] -> [B, N, C]."""
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens), height, width))
        return tokens + self.drop_path(self.mlp(self.norm2(tokens), height, width))


@MODELS.register_module()
class MixVisionTransformer(BaseModule):
    """The four-stage encoder. Image sides need not be multiples of 32.

    Args:
        in_channels: channels of the image.
        patch_size: stride of the first stage; every later stage halves the resolution.
        embed_dims: channels of the four stages.
        depths: blocks per stage.
        num_heads: attention heads per stage; must divide ``embed_dims``.
        sr_ratios: spatial reduction of keys and values per stage.
        mlp_ratios: hidden width of the Mix-FFN over the stage's channels.
        qkv_bias: biases in the query and key/value projections.
        drop_rate: dropout in attention output and Mix-FFN.
        drop_path_rate: stochastic depth of the last block; it grows linearly from 0 at the first.
        with_cp: computes every block again in the backward pass instead of keeping what is inside: less memory
            for more time, and the same gradients.
        pretrained: file of ImageNet weights that :meth:`init_weights` loads; None starts from scratch.
        style_hallucination_cfg: options of :class:`StyleHallucination` after the first stage, whose maps have
            ``embed_dims[0]`` channels; None leaves it out.
        init_cfg: ``dict(type='Pretrained', checkpoint=path)`` means the same.
    """

    def __init__(
        self,
        *,
        in_channels: ColorChannels = 3,
        patch_size: Positive[int] = 4,
        embed_dims: Sequence[Positive[int]] = (64, 128, 320, 512),
        depths: Sequence[Positive[int]] = (3, 6, 40, 3),
        num_heads: Sequence[Positive[int]] = (1, 2, 5, 8),
        sr_ratios: Sequence[Positive[int]] = (8, 4, 2, 1),
        mlp_ratios: Sequence[Positive[float]] = (4, 4, 4, 4),
        qkv_bias: bool = True,
        drop_rate: ShareBelowOne = 0.0,
        drop_path_rate: ShareBelowOne = 0.1,
        with_cp: bool = False,
        pretrained: str | None = None,
        style_hallucination_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        _check_stages(embed_dims=embed_dims, depths=depths, num_heads=num_heads, sr_ratios=sr_ratios, mlp_ratios=mlp_ratios)
        self.smallest_side = max(ratio * patch_size * 2**stage for stage, ratio in enumerate(sr_ratios) if ratio > 1 or stage == 0)
        self.with_cp = with_cp
        self.pretrained = pretrained_path(pretrained, init_cfg)
        widths, strides = (in_channels, *embed_dims[:-1]), (patch_size, 2, 2, 2)
        for stage in range(4):  # registered before the blocks: the order of the published parameters
            embed = OverlapPatchEmbed(in_channels=widths[stage], embed_dim=embed_dims[stage], stride=strides[stage])
            self.add_module(f"patch_embed{stage + 1}", embed)
        total = sum(depths)
        rates = iter(drop_path_rate * index / max(total - 1, 1) for index in range(total))
        for stage, dim in enumerate(embed_dims):
            options = {"dim": dim, "num_heads": num_heads[stage], "sr_ratio": sr_ratios[stage], "mlp_ratio": mlp_ratios[stage]}
            options |= {"qkv_bias": qkv_bias, "drop_rate": drop_rate}
            blocks = [Block(**options, drop_path_rate=rate) for rate in itertools.islice(rates, depths[stage])]
            self.add_module(f"block{stage + 1}", nn.ModuleList(blocks))
            self.add_module(f"norm{stage + 1}", nn.LayerNorm(dim, eps=1e-6))
        self.style_hallucination = style_hallucination(style_hallucination_cfg, channels=embed_dims[0])

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Encodes a batch.

        Args:
            image: [B, 3, H, W], normalised.

        Returns:
            Four maps [B, C, ., .] at strides 4, 8, 16 and 32, sizes rounded up, channels-last in memory.

        Raises:
            SmallImageError: the image is too small for the spatial reductions.
        """
        if min(image.shape[2:]) < self.smallest_side:
            text = f"an image of {image.shape[2]}x{image.shape[3]} pixels is too small for sr_ratios at these strides"
            raise SmallImageError(f"MixVisionTransformer: {text}. Use images and crops of at least {self.smallest_side} pixels per side.")
        feature_map, outputs = image.contiguous(memory_format=torch.channels_last), []
        for stage in range(1, 5):
            tokens, height, width = getattr(self, f"patch_embed{stage}")(feature_map)
            for block in getattr(self, f"block{stage}"):
                tokens = run_block(block, tokens, height, width, recompute=self.with_cp)
            feature_map = to_map(getattr(self, f"norm{stage}")(tokens), height, width)
            if stage == 1 and self.style_hallucination is not None:
                feature_map = self.style_hallucination(feature_map)
            outputs.append(feature_map)
        return tuple(outputs)

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


def _check_stages(*, embed_dims: Sequence[int], num_heads: Sequence[int], **others: Sequence[float]) -> None:
    for name, values in {"embed_dims": embed_dims, "num_heads": num_heads, **others}.items():
        if len(values) != 4:
            raise UserError(f"MixVisionTransformer has four stages, but {name}={values!r}. Give four values.")
    for dim, heads in zip(embed_dims, num_heads, strict=True):
        if dim % heads:
            raise UserError(f"MixVisionTransformer: {heads} heads cannot share {dim} channels. Use num_heads that divide embed_dims.")


def _draw_weights(module: nn.Module) -> None:
    """SegFormer's practice: truncated normal for linear layers, fan-out normal for convolutions."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
    elif isinstance(module, nn.Conv2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2.0 / fan_out))
    elif isinstance(module, nn.LayerNorm):
        nn.init.ones_(module.weight)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def _register_variant(name: str, embed_dims: Sequence[int], depths: Sequence[int]) -> Callable[..., MixVisionTransformer]:
    def variant(
        *,
        drop_rate: ShareBelowOne = 0.0,
        drop_path_rate: ShareBelowOne = 0.1,
        with_cp: bool = False,
        style: str = "pytorch",  # published configs pass it; it has no effect on a transformer
        pretrained: str | None = None,
        style_hallucination_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> MixVisionTransformer:
        options = {"drop_rate": drop_rate, "drop_path_rate": drop_path_rate, "with_cp": with_cp}
        options |= {"pretrained": pretrained, "style_hallucination_cfg": style_hallucination_cfg, "init_cfg": init_cfg}
        return MixVisionTransformer(embed_dims=embed_dims, depths=depths, **options)

    variant.__name__ = variant.__qualname__ = name
    sizes = f"channels {embed_dims}, blocks {depths}"
    variant.__doc__ = f"MiT-{name[-2:].upper()} (SegFormer, table 6): {sizes}.\n\nArgs:\n    style: without effect."
    return MODELS.register_module(name=name, module=variant)


mit_b0 = _register_variant("mit_b0", (32, 64, 160, 256), (2, 2, 2, 2))
mit_b1 = _register_variant("mit_b1", (64, 128, 320, 512), (2, 2, 2, 2))
mit_b2 = _register_variant("mit_b2", (64, 128, 320, 512), (3, 4, 6, 3))
mit_b3 = _register_variant("mit_b3", (64, 128, 320, 512), (3, 4, 18, 3))
mit_b4 = _register_variant("mit_b4", (64, 128, 320, 512), (3, 8, 27, 3))
mit_b5 = _register_variant("mit_b5", (64, 128, 320, 512), (3, 6, 40, 3))
