"""Tokens of plain transformers: their grid, masking them, and how deep a parameter lies.

Sources: Englert et al., VFM-UDA (arXiv 2406.09896) for the grid and for token masking, which replaces tokens by the encoder's mask
token as DINOv2 was trained (Oquab et al., TMLR 2024; Zhou et al., iBOT, ICLR 2022); Bao et al., BEiT (ICLR 2022) for decay by layer.

Letters: B images, C channels, (H, W) image, (h, w) grid of tokens, L blocks, p side of a patch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from timm.models import group_parameters
from torch import Tensor, nn

from mmseg.utils.errors import UserError

ROUNDING = 1e-6
"""Of a token: 0.7 * 160 / 16 is 7 tokens, though 6.9999 in floating point."""


def token_grid(height: int, width: int, patch: int, scale: float, least: int = 1) -> tuple[int, int]:
    """Tokens (h, w) of an image that is resized by ``scale``: floor(side * scale / p).

    Args:
        height, width: pixels of the image.
        patch: p.
        scale: above 0.
        least: tokens that a side must have.

    >>> token_grid(1024, 2048, 14, 1.1)
    (80, 160)

    Raises:
        UserError: fewer than ``least`` in a direction.
    """
    grid = tuple(int(side * scale / patch + ROUNDING) for side in (height, width))
    if min(grid) < least:
        text = f"an image of {height}x{width} pixels, resized by {scale:.4g}, is smaller than {least}x{least} patches of {patch}x{patch}"
        raise UserError(f"TimmBackbone: {text}. Use larger images, or a larger input_scale.")
    return grid


def check_level_blocks(name: str, levels: str | Sequence[int], count: int, depth: int) -> None:
    """Refuses ``levels`` that are no ``count`` blocks of a network of ``depth``, in ascending order; kinds of levels pass.

    Raises:
        UserError: says which blocks there are.
    """
    if not isinstance(levels, str) and (len(levels) != count or list(levels) != sorted(set(levels)) or levels[-1] >= depth):
        text = f"TimmBackbone got levels={levels!r} for {count} levels (out_indices), and {name} of timm has {depth} blocks"
        raise UserError(f"{text}. Give {count} of the blocks 0 to {depth - 1}, in ascending order.")


def refuse_options_of_tokens(name: str, given: Sequence[str]) -> None:
    """A network with stages has no grid of tokens, so none of the options that are about it, by name.

    Raises:
        UserError: some are given.
    """
    if given:
        text = f"{name} of timm has stages and no grid of tokens, so no {' and '.join(given)}"
        raise UserError(f"TimmBackbone: {text}. Leave it out, or use a plain transformer such as vit_base_patch14_dinov2.")


def masked_tokens(tokens: Tensor, keep: Tensor, mask_token: Tensor) -> Tensor:
    """Replaces tokens by the mask token.

    Args:
        tokens: of the patches alone, [B, h, w, C] or [B, h * w, C].
        keep: [B, 1, h, w], where 0 (False) is replaced.
        mask_token: [1, 1, C].
    """
    keep = keep.permute(0, 2, 3, 1).bool()
    return torch.where(keep if tokens.dim() == 4 else keep.flatten(1, 2), tokens, mask_token.to(tokens.dtype))


@torch.no_grad()
def start_mask_token(token: Tensor, given: Tensor | None) -> bool:
    """Sets a mask token [1, 1, C] to that of a file, or to zeros where the file has none of this size; returns whether it has one."""
    fits = given is not None and given.numel() == token.numel()
    token.copy_(given.reshape(token.shape) if fits else torch.zeros_like(token))
    return fits


def token_embedding(network: nn.Module) -> nn.Module:
    """The part of a plain transformer of timm that makes tokens of patches, before positions are added to them."""
    return network.embeds.norm if hasattr(network, "embeds") else network.patch_embed


def blocks_above(network: nn.Module) -> dict[str, int]:
    """How many blocks follow each parameter of a plain transformer, by timm's groups.

    0 for the last block and what comes behind it, L - 1 for the first block, L for what comes before the blocks.
    """
    count = len(network.blocks)
    groups = group_parameters(network, network.group_matcher(coarse=False), reverse=True)
    return {name: max(0, count - group) for name, group in groups.items()}
