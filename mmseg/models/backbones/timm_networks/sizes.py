"""Sizes of levels: images padded to whole cells of the coarsest, levels cut to what shows the image.

Letters: B images, C channels, (H, W) image.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from mmseg.utils.errors import UserError

STRIDES = (4, 8, 16, 32)


def padded(height: int, width: int) -> tuple[int, int]:
    """The next multiples of the coarsest stride."""
    return tuple(side + -side % STRIDES[-1] for side in (height, width))


def pad(image: Tensor) -> Tensor:
    """[B, C, H, W] with zeros at the bottom and right, to the next multiples of the coarsest stride."""
    height, width = image.shape[2:]
    return F.pad(image, (0, -width % STRIDES[-1], 0, -height % STRIDES[-1]))


def rounded_up(size: Sequence[int], stride: int) -> tuple[int, int]:
    """The size of a level: (H / stride, W / stride), rounded up."""
    return tuple(-(-side // stride) for side in size)


def top_left(level: Tensor, size: Sequence[int]) -> Tensor:
    """The first rows and columns."""
    return level[:, :, : size[0], : size[1]]


def cut(level: Tensor, stride: int, size: Sequence[int], name: str) -> Tensor:
    """A level of the padded image -> the part that shows the image, [B, C, H / stride, W / stride] rounded up.

    Args:
        size: (H, W) of the image before it was padded.
        name: of the network, for the error.

    Raises:
        UserError: the level has another stride.
    """
    whole = padded(*size)
    if tuple(side * stride for side in level.shape[2:]) != whole:
        text = f"a level of {tuple(level.shape[2:])} for an image of {whole} has no stride {stride}"
        raise UserError(f"TimmBackbone: {name} of timm does not fit, {text}. Use a network that pads its convolutions.")
    return top_left(level, rounded_up(size, stride))
