"""The geometry of a strong view, applied to maps of the weak one: labels, probabilities, features.

CPSL (Li et al., CVPR 2022) trains on a strong view and takes its targets from the weak one. It replays the recorded geometry on the
targets, not quite as the image was bent. Published quirks, all of which the records of the code pin:

- The order is always flip, shears, translations, rotation, cutout; the image was bent in the order in which its steps were drawn, and
  of a step that was drawn twice the last value counts.
- Translations and the ends of the cutout are divided by the stride and rounded down, and the cutout loses its last row and column.
- A horizontal translation is taken as a share of the *height*, so that it is W / H times too large.
- The code marks padding by a value that a map may have as well (-1). Here padding is known by its place, so such values are kept.

Letters: B images, C channels, (h, w) map, which is ``stride`` times smaller than the crop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.structures.places import NO_CUTOUT, StrongGeometry

IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
STEPS = ("flip", "shear_x", "shear_y", "translate_x", "translate_y", "rotate")
"""Fields of :class:`StrongGeometry` that move pixels, in their order."""


def replay_strong(values: Tensor, geometry: Sequence[StrongGeometry], *, stride: int, fill: float, published_quirks: bool = True) -> Tensor:
    """Bends maps of the weak view as the strong view was bent.

    Args:
        values: [B, C, h, w], integers or floats; gradients pass.
        geometry: of each of the B images.
        stride: pixels of the crop per pixel of the map.
        fill: value of pixels that come from outside or were cut out.
        published_quirks: False translates by the exact number of pixels in both directions.

    Returns:
        [B, C, h, w], nearest neighbours.
    """
    index = replay_index(geometry, values.shape[2:], stride=stride, device=values.device, published_quirks=published_quirks)
    taken = values.flatten(2).gather(2, index.clamp(min=0).flatten(1)[:, None].expand(-1, values.shape[1], -1))
    return taken.view_as(values).masked_fill(index[:, None] < 0, fill)


def replay_mask(
    geometry: Sequence[StrongGeometry],
    size: Sequence[int],
    *,
    stride: int,
    device: torch.device | str = "cpu",
    published_quirks: bool = True,
) -> Tensor:
    """Which pixels of the strong view show something of the weak one: bool [B, 1, h, w]; see :func:`replay_strong`."""
    return replay_index(geometry, size, stride=stride, device=device, published_quirks=published_quirks)[:, None] >= 0


def replay_index(
    geometry: Sequence[StrongGeometry],
    size: Sequence[int],
    *,
    stride: int,
    device: torch.device | str = "cpu",
    published_quirks: bool = True,
) -> Tensor:
    """Where every pixel of a bent map comes from: int64 [B, h, w], ``row * w + column``, and -1 for nowhere.

    Args:
        geometry: of each of the B images.
        size: (h, w) of the map.
        stride, published_quirks: see :func:`replay_strong`.
        device: of the result.
    """
    height, width = size
    count = len(geometry)
    moves = torch.tensor([[_move(step, single, size, stride, published_quirks) for single in geometry] for step in STEPS])
    moves = moves.to(device, non_blocking=True)
    place = torch.arange(1.0, height * width + 1, device=device).view(1, 1, height, width).expand(count, -1, -1, -1)
    for step, theta in zip(STEPS, moves, strict=True):
        if any(getattr(single, step) for single in geometry):
            grid = F.affine_grid(theta, [count, 1, height, width], align_corners=False)
            place = F.grid_sample(place, grid, mode="nearest", align_corners=False)  # 0 outside
    index = place[:, 0].round().long() - 1
    return index.masked_fill(_cut_out(geometry, size, stride, device, published_quirks), -1)


def _move(step: str, geometry: StrongGeometry, size: Sequence[int], stride: int, quirks: bool) -> Sequence[Sequence[float]]:
    """The matrix of :func:`torch.nn.functional.affine_grid` [2, 3] of one step; its coordinates run from -1 to 1."""
    height, width = size
    value = getattr(geometry, step)
    if not value:
        return IDENTITY
    if step == "flip":
        return ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    if step == "shear_x":
        return ((1.0, value * height / width, value * height / width), (0.0, 1.0, 0.0))
    if step == "shear_y":
        return ((1.0, 0.0, 0.0), (value * width / height, 1.0, value * width / height))
    if step == "rotate":
        cosine, sine = math.cos(math.radians(value)), math.sin(math.radians(value))
        return ((cosine, -sine * height / width, 0.0), (sine * width / height, cosine, 0.0))
    pixels = value // stride if quirks else value / stride
    if step == "translate_x":
        return ((1.0, 0.0, 2 * pixels / (height if quirks else width)), (0.0, 1.0, 0.0))
    return ((1.0, 0.0, 0.0), (0.0, 1.0, 2 * pixels / height))


def _cut_out(geometry: Sequence[StrongGeometry], size: Sequence[int], stride: int, device: torch.device | str, quirks: bool) -> Tensor:
    """Which pixels of a map were painted grey: bool [B, h, w]."""
    ends = torch.tensor([single.cutout or NO_CUTOUT for single in geometry]).to(device, non_blocking=True)
    left, top, right, bottom = (ends if quirks else ends + torch.tensor([0, 0, 1, 1], device=device)).view(-1, 4, 1, 1).unbind(1)
    rows, columns = (torch.arange(side, device=device) for side in size)
    if quirks:
        left, top, right, bottom = (torch.div(end, stride, rounding_mode="floor") for end in (left, top, right, bottom))
    else:  # pixels whose middle was painted
        rows, columns = (side * stride + stride // 2 for side in (rows, columns))
    inside = (columns >= left) & (columns < right)
    return inside & ((rows[:, None] >= top) & (rows[:, None] < bottom))
