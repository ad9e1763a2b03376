"""Masks of masked image consistency: of blocks of pixels (MIC, Hoyer et al., CVPR 2023, section 3.2), or of tokens.

Tokens are masked as in VFM-UDA (Englert et al., arXiv 2406.09896).

Letters: B images, (H, W) crop, (m, n) grid of the blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.registry import MASKS
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import Positive, Share


def grid_size(size: Sequence[int], block: int) -> tuple[int, int]:
    """Blocks per side of a crop (H, W): H / block, rounded (half to even, as published), at least 1."""
    return tuple(max(1, round(side / block)) for side in size)


def draw_noise(generator: torch.Generator, count: int, grid: Sequence[int]) -> Tensor:
    """Uniform in [0, 1), one value per image and block: [B, 1, m, n]."""
    return torch.rand(count, 1, *grid, generator=generator)


def block_mask(noise: Tensor, ratio: float, size: Sequence[int]) -> Tensor:
    """Keeps the blocks whose noise exceeds ``ratio``.

    Args:
        noise: [B, 1, m, n] in [0, 1).
        ratio: share of the blocks that is masked, in [0, 1].
        size: (H, W); where m does not divide H, the blocks are stretched.

    Returns:
        [B, 1, H, W] float32, 1 kept and 0 masked.
    """
    return F.interpolate((noise > ratio).float(), size=tuple(size), mode="nearest")


@MASKS.register_module(name=["block", "BlockMask"])
class BlockMask:
    """Draws which square blocks of a crop stay visible; other blocks in every image, the same in every channel.

    Args:
        mask_ratio: share of the blocks that is masked, in [0, 1].
        mask_block_size: side of a block in pixels of the crop. Both defaults are the paper's for crops at full resolution.
    """

    def __init__(self, *, mask_ratio: Share = 0.7, mask_block_size: Positive[int] = 64) -> None:
        self.mask_ratio, self.mask_block_size = mask_ratio, mask_block_size

    def __call__(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Masks [B, 3, H, W] normalised: what is masked becomes 0, the mean colour of the normalisation.

        Args:
            image: the crops.
            generator: of the masks, on the CPU.
        """
        size = image.shape[2:]
        noise = draw_noise(generator, len(image), grid_size(size, self.mask_block_size))
        return image * block_mask(noise.to(image.device, non_blocking=True), self.mask_ratio, size)


@MASKS.register_module(name=["token", "TokenMask"])
class TokenMask:
    """Hides tokens of a plain transformer behind its mask token, each with the same probability (VFM-UDA, section 3).

    Every view of a network with several scales has a mask of its own.

    Args:
        mask_ratio: probability of a token to be hidden, in [0, 1].
    """

    def __init__(self, *, mask_ratio: Share = 0.7) -> None:
        self.mask_ratio = mask_ratio

    @contextmanager
    def hiding(self, network: nn.Module, generator: torch.Generator) -> Iterator[list[Tensor]]:
        """While it lasts, passes of a segmentor hide tokens; gives the masks [B, 1, h, w] of these passes, 1 kept and 0 hidden.

        Args:
            network: whose backbone is a :class:`TimmBackbone` with ``mask_token=True``.
            generator: of the masks, on the CPU.

        Raises:
            UserError: its encoder has no tokens, or no mask token.
        """
        backbone = getattr(network, "backbone", None)
        if getattr(backbone, "mask_token", None) is None:
            text = "mask_generator of type 'token' needs an encoder with a mask token"
            raise UserError(f"{text}. Use a TimmBackbone of a plain transformer with mask_token=True, or type='block'.")
        drawn: list[Tensor] = []

        def draw(count: int, grid: tuple[int, int]) -> Tensor:
            noise = draw_noise(generator, count, grid)
            drawn.append((noise >= self.mask_ratio).float().to(backbone.mask_token.device, non_blocking=True))
            return drawn[-1]

        backbone.token_masks = draw
        try:
            yield drawn
        finally:
            backbone.token_masks = None


def build_mask_generator(mask_generator: Mapping | None) -> BlockMask | TokenMask:
    """The generator of a config, e.g. ``dict(type='block', mask_ratio=0.7, mask_block_size=64)``.

    Raises:
        UserError: none is given, its type is not known, or one of its options.
    """
    kind = (mask_generator or {}).get("type")
    if kind is None or (isinstance(kind, str) and kind not in MASKS):
        fix = suggestion(str(kind), MASKS.module_dict) or " Use dict(type='block', mask_ratio=0.7, mask_block_size=64)."
        raise UserError(f"mask_generator={mask_generator!r} has no known type.{fix}")
    return MASKS.build(dict(mask_generator))
