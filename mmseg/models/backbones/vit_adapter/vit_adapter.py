"""A plain transformer of timm with an adapter around its blocks, which gives levels at strides 4, 8, 16 and 32.

Source: Chen et al., "Vision Transformer Adapter for Dense Predictions", ICLR 2023, section 3; as VFM-UDA++ uses it (Englert et al., arXiv
2503.10685). The blocks of the transformer are those of timm, whatever their attention and positions: the adapter hangs on them with hooks.

Letters: B images, C channels, (H, W) image, (h, w) grid of tokens, L blocks.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmseg.models.backbones.timm_networks.sizes import top_left
from mmseg.models.backbones.vit_adapter.deformable_attention import DeformableAttention, Size
from mmseg.models.backbones.vit_adapter.interaction import MAPS, Extractor, Injector, flattened, unflattened
from mmseg.models.backbones.vit_adapter.spatial_prior import SpatialPrior
from mmseg.models.decode_heads.decode_head import resize
from mmseg.utils.errors import UserError

QUARTERS = 4
MORE = 2
"""Extractors behind the last one."""


@dataclass
class Pass:
    """One image on its way through the blocks.

    Attributes:
        maps: [B, n, C] at strides 8, 16 and 32.
        sizes: of these maps.
        grid: (h, w) of the tokens.
        tokens: [B, h * w, C] behind each quarter so far.
    """

    maps: Tensor
    sizes: Sequence[Size]
    grid: Size
    tokens: list[Tensor] = field(default_factory=list)


class ViTAdapter(BaseModule):
    """The spatial prior, an injector before each quarter of the blocks, an extractor behind it, and what makes levels of both.

    Args:
        network: the transformer, which keeps its parameters; the adapter is called by its first and last block of each quarter.
        channels: C.
        name: of the network, for the error.

    Raises:
        UserError: it has fewer than four blocks.
    """

    def __init__(self, network: nn.Module, *, channels: int, name: str) -> None:
        super().__init__()
        if len(network.blocks) < QUARTERS:
            text = f"levels='adapter' needs 4 transformer blocks, and {name} of timm has {len(network.blocks)}"
            raise UserError(f"TimmBackbone: {text}. Use a deeper network, or levels='pyramid'.")
        self.prior = SpatialPrior(channels)
        self.level_embedding = nn.Parameter(torch.zeros(MAPS, channels))
        self.injectors = nn.ModuleList(Injector(channels) for _ in range(QUARTERS))
        counts = [1] * (QUARTERS - 1) + [1 + MORE]
        self.extractors = nn.ModuleList(nn.ModuleList(Extractor(channels) for _ in range(count)) for count in counts)
        self.enlarge = nn.ConvTranspose2d(channels, channels, kernel_size=2, stride=2)
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(QUARTERS))
        self.prefix = getattr(network, "num_prefix_tokens", 0)
        self._pass: Pass | None = None  # from the beginning to the end of a forward pass
        for number, (first, last) in enumerate(quarters(len(network.blocks))):
            network.blocks[first].register_forward_pre_hook(functools.partial(self._inject, number))
            network.blocks[last].register_forward_hook(functools.partial(self._extract, number))

    def forward(self, image: Tensor, grid: Size, transform: Callable[[], object]) -> tuple[Tensor, ...]:
        """The levels [B, C, H / stride, W / stride], sizes rounded up.

        Args:
            image: [B, 3, H, W] for the spatial prior.
            grid: (h, w) of the tokens that the transformer makes of the image.
            transform: sends the image through the transformer; the result is not asked.
        """
        finest, *coarse = self.prior(image)
        sizes = [tuple(one.shape[2:]) for one in coarse]
        marked = [one + mark[:, None, None] for one, mark in zip(coarse, self.level_embedding, strict=True)]
        self._pass = Pass(flattened(marked), sizes, grid)
        try:
            transform()
            return self._levels(finest, self._pass)
        finally:
            self._pass = None

    def _levels(self, finest: Tensor, done: Pass) -> tuple[Tensor, ...]:
        """The maps, each with the tokens behind a quarter of the blocks, normalised."""
        coarse = unflattened(done.maps, done.sizes)
        fine = finest + top_left(self.enlarge(coarse[0]), finest.shape[2:])
        tokens = [unflattened(one, [done.grid])[0] for one in done.tokens]
        whole = [one + resize(seen, one.shape[2:]) for one, seen in zip((fine, *coarse), tokens, strict=True)]
        return tuple(norm(one) for norm, one in zip(self.norms, whole, strict=True))

    def _inject(self, number: int, _: nn.Module, inputs: tuple) -> tuple:
        """Before the first block of a quarter."""
        now, (tokens, *others) = self._pass, inputs
        extra, patches = self._split(tokens)
        patches = self.injectors[number](patches, now.maps, now.grid, now.sizes)
        return (torch.cat([extra, patches], dim=1).view_as(tokens), *others)

    def _extract(self, number: int, _: nn.Module, __: tuple, tokens: Tensor) -> None:
        """Behind the last block of a quarter."""
        now, (_, patches) = self._pass, self._split(tokens)
        for extractor in self.extractors[number]:
            now.maps = extractor(patches, now.maps, now.grid, now.sizes)
        now.tokens.append(patches)

    def _split(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Class and register tokens, which pass by, and those of patches: [B, ., C] each. Some networks keep the grid: [B, h, w, C]."""
        flat = tokens.flatten(1, -2)
        return flat[:, : self.prefix], flat[:, self.prefix :]

    def init_weights(self) -> None:
        """He's convolutions by what goes out, Glorot's linear layers, normal level embeddings, gammas of 0."""
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                fan_out = math.prod(module.kernel_size) * module.out_channels / module.groups
                nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, (nn.LayerNorm, nn.BatchNorm2d)):
                module.reset_parameters()
            elif isinstance(module, Injector):
                nn.init.zeros_(module.gamma)
        for module in self.modules():
            if isinstance(module, DeformableAttention):
                module.init_weights()
        nn.init.normal_(self.level_embedding)
        self._is_init = True


def quarters(depth: int) -> list[tuple[int, int]]:
    """First and last block of each quarter of L blocks, as equal as whole blocks are.

    >>> quarters(24)
    [(0, 5), (6, 11), (12, 17), (18, 23)]
    """
    bounds = [round(depth * number / QUARTERS) for number in range(QUARTERS + 1)]
    return [(first, behind - 1) for first, behind in pairwise(bounds)]
