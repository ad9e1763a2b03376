"""Test-time passes of HRDA in which overlapping outer windows share their detail windows.

Looking into every outer window by itself encodes a detail window as often as outer windows contain it: 27 times for 21 places of
a 1024x2048 image (outer windows of 1024x1024, 512 apart; detail windows of 512x512, 256 apart). Here each place is encoded and
decoded once, and every outer window averages those that lie inside it. In eval mode the logits are the same but for rounding.

Letters: B images, K classes, (H, W) image, (h, w) outer window, (P, Q) its fused map, N outer windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.decode_heads.hrda_head import attention_map, fuse_scales
from mmseg.models.segmentors.window_averages import Average, averaged
from mmseg.structures import (
    Box,
    WindowPlan,
    blend_windows,
    chunked,
    crop_windows,
    full_box,
)

BRANCHES = ("fused", "LR", "HR", "ATT")
"""Outputs of HRDA: of both views, of the context, of the detail, and the scale attention."""


@dataclass(frozen=True)
class Walk:
    """A network's two views of some windows, and how many windows one pass of each takes.

    Attributes:
        context: outer windows [M, 3, h, w] -> logits [M, K, ., .] and attention [M, K or 1, ., .] of the context, float32.
        detail: detail windows [M, 3, ., .] -> logits [M, K, ., .] at the stride of the decoder, float32.
        stride: of the decoder's maps.
        channels: by branch: K, or 1 for 'ATT'.
        averages: by branch, what is averaged of the outer windows.
        outer_per_pass: outer windows that are looked into together.
        details_per_pass: detail windows that are decoded together.
    """

    context: Callable[[Tensor], tuple[Tensor, Tensor]]
    detail: Callable[[Tensor], Tensor]
    stride: int
    channels: Mapping[str, int]
    averages: Mapping[str, Average]
    outer_per_pass: int
    details_per_pass: int


def shared_inference(walk: Walk, plan: WindowPlan, image: Tensor, branches: Sequence[str]) -> dict[str, Tensor]:
    """Averages what the outer windows say, and encodes no window twice nor for nothing: 'LR' alone takes no
    detail windows, 'HR' alone no context.

    Args:
        walk: of a network in eval mode.
        plan: where it looks.
        image: [B, 3, H, W], normalised; both sides are whole pixels of all maps.
        branches: of :data:`BRANCHES`.

    Returns:
        [B, K, H, W] float32 for each branch, or [B, 1, H, W] for 'ATT'.
    """
    details = [] if set(branches) == {"LR"} else list(decoded_details(walk, image, plan.details))
    windows = (window for looked in outer_looks(walk, image, plan, details, branches) for window in looked.split(len(image)))
    # All branches are enlarged and averaged as channels of one map.
    kinds = [(walk.channels[branch], walk.averages[branch]) for branch in branches]
    maps = averaged(windows, plan.outer, image.shape[2:], kinds)
    return dict(zip(branches, maps.split([count for count, _ in kinds], dim=1), strict=True))


def decoded_details(walk: Walk, image: Tensor, boxes: Sequence[Box]) -> Iterator[Tensor]:
    """Logits [B, K, ., .] of each detail window, at the stride of the decoder."""
    for some in chunked(boxes, walk.details_per_pass):
        yield from walk.detail(crop_windows(image, some)).split(len(image))


def outer_looks(walk: Walk, image: Tensor, plan: WindowPlan, details: Sequence[Tensor], branches: Sequence[str]) -> Iterator[Tensor]:
    """Looks into the outer windows, some at a time.

    Args:
        details: of :func:`decoded_details`, for ``plan.details``; empty if no branch needs them.

    Yields:
        [N*B, channels of all branches, h, w] for the next N windows, window by window.
    """
    size = (plan.outer[0].height, plan.outer[0].width)
    map_size, map_boxes = [side // walk.stride for side in size], [box.rescaled(Fraction(1, walk.stride)) for box in plan.inner]
    for some in chunked(range(len(plan.outer)), walk.outer_per_pass):
        context = attention = detail = None
        if set(branches) != {"HR"}:
            context, attention = walk.context(crop_windows(image, [plan.outer[index] for index in some]))
        if details:
            inside = ([details[index] for index in plan.used[outer]] for outer in some)
            detail = torch.cat([blend_windows(torch.cat(windows), map_boxes, *map_size) for windows in inside])
        yield resize(branch_maps(context, detail, attention, map_size, branches), size)


def branch_maps(
    context: Tensor | None, detail: Tensor | None, attention: Tensor | None, size: Sequence[int], branches: Sequence[str]
) -> Tensor:
    """The outputs of one pass, one after the other in the channels: [B, channels, P, Q].

    Args:
        context: [B, K, ., .] logits; None if no branch needs them.
        detail: [B, K, P, Q] logits; None if no branch needs them.
        attention: [B, K or 1, ., .] at the size of the context.
        size: (P, Q).
    """
    maps = {"HR": detail}
    if "LR" in branches:
        maps["LR"] = resize(context, size)
    if {"fused", "ATT"} & set(branches):
        maps["fused"], _ = fuse_scales(context, detail, attention, full_box(*size), size)
    if "ATT" in branches:
        maps["ATT"] = attention_map(attention, maps["fused"])
    return torch.cat([maps[branch] for branch in branches], dim=1)
