"""Test-time passes of HRDA in which overlapping outer windows share their detail windows.

Looking into every outer window by itself encodes a detail window as often as outer windows contain it: 27 times for 21 places of
a 1024x2048 image (outer windows of 1024x1024, 512 apart; detail windows of 512x512, 256 apart). Here each place is encoded and
decoded once, and every outer window averages those that lie inside it. In eval mode the logits are the same but for rounding.

Letters: B images, K classes, (H, W) image, (h, w) outer window, (P, Q) its fused map, N outer windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.decode_heads.hrda_head import attention_map, fuse_scales
from mmseg.structures import (
    Box,
    WindowPlan,
    average_windows,
    blend_windows,
    chunked,
    crop_windows,
    full_box,
    plan_windows,
    windows_per_pass,
)

if TYPE_CHECKING:
    from mmseg.models.segmentors.hrda_encoder_decoder import HRDAEncoderDecoder

BRANCHES = ("fused", "LR", "HR", "ATT")
"""Outputs of HRDA: of both views, of the context, of the detail, and the scale attention."""


def window_plan(network: HRDAEncoderDecoder, height: int, width: int) -> WindowPlan:
    """Where a network looks at an image of a size that it takes."""
    outer = network.outer_windows(height, width)
    return plan_windows(outer, network.detail_windows(outer[0].height, outer[0].width))


def shared_inference(network: HRDAEncoderDecoder, image: Tensor, branches: Sequence[str]) -> dict[str, Tensor]:
    """Averages what the outer windows say, and encodes no window twice nor for nothing: 'LR' alone takes no
    detail windows, 'HR' alone no context.

    Args:
        network: in eval mode.
        image: [B, 3, H, W], normalised; both sides are whole pixels of all maps.
        branches: of :data:`BRANCHES`.

    Returns:
        [B, K, H, W] float32 for each branch, or [B, 1, H, W] for 'ATT'.
    """
    plan, size = window_plan(network, *image.shape[2:]), image.shape[2:]
    details = [] if set(branches) == {"LR"} else list(decoded_details(network, image, plan.details))
    windows = (window for looked in outer_looks(network, image, plan, details, branches) for window in looked.split(len(image)))
    # All branches are enlarged and averaged as channels of one map.
    maps = average_windows(windows, plan.outer, *size)
    channels = [1 if branch == "ATT" else network.num_classes for branch in branches]
    return dict(zip(branches, maps.split(channels, dim=1), strict=True))


def decoded_details(network: HRDAEncoderDecoder, image: Tensor, boxes: Sequence[Box]) -> Iterator[Tensor]:
    """Logits [B, K, ., .] of each detail window, at the stride of the decoder."""
    size = (boxes[0].height, boxes[0].width)
    in_map = full_box(*size).rescaled(Fraction(1, network.decode_head.output_stride))
    for some in chunked(boxes, windows_per_pass(len(image), size, network.pixels_per_pass)):
        features = network.extract_features(crop_windows(image, some))
        yield from network.decode_head.decode_detail(features, in_map).float().split(len(image))


def outer_looks(
    network: HRDAEncoderDecoder, image: Tensor, plan: WindowPlan, details: Sequence[Tensor], branches: Sequence[str]
) -> Iterator[Tensor]:
    """Looks into the outer windows, some at a time.

    Args:
        details: of :func:`decoded_details`, for ``plan.details``; empty if no branch needs them.

    Yields:
        [N*B, channels of all branches, h, w] for the next N windows, window by window.
    """
    size, stride = (plan.outer[0].height, plan.outer[0].width), network.decode_head.output_stride
    context_size = [round(side * network.context_scale) for side in size]
    map_size, map_boxes = [side // stride for side in size], [box.rescaled(Fraction(1, stride)) for box in plan.inner]
    for some in chunked(range(len(plan.outer)), network.outer_per_pass(image, context_size)):
        context = attention = detail = None
        if set(branches) != {"HR"}:
            features = network.extract_features(resize(crop_windows(image, [plan.outer[index] for index in some]), context_size))
            context = network.decode_head.head(features).float()
            attention = network.decode_head.attend(features, context).float()
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
