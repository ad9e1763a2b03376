"""The density of (column, row, inverse depth) of each class (Wu & Liu, NeurIPS 2022, UDA using Depth Distribution).

All classes are evaluated in one go and in log space: where a class is never found, its density is far below what float32 holds.

Letters: B images, K classes, J components, (h, w) map, (W, H) grid of the mixtures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmseg.structures.places import CropPlace
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.products.mixture_file import DIMENSIONS, MixtureParameters

HIGHEST = 255.0
"""Of a density target, which is shaped like a grey level."""
SQUASH = {"raw": 1e6, "normalized": 1.0}
"""How fast a target rises with the density. In raw units as published. A density of normalised units is W * H * z times as large as that of
raw ones, so that 1 is the same as published at z = 64.7, ten metres, on the published grid of 161 x 96; no other number is as plain."""


class Mixtures(nn.Module):
    """Constants of a training: not in its checkpoints, whose config names their file.

    Args:
        parameters: of :func:`mmseg.utils.products.mixture_file.read_mixtures`.

    Attributes:
        means, variances: [K, J, 3].
        weights: [K, J].
        units, grid: see :class:`MixtureParameters`.
    """

    def __init__(self, parameters: MixtureParameters) -> None:
        super().__init__()
        for name in ("means", "variances", "weights"):
            self.register_buffer(name, getattr(parameters, name).clone(), persistent=False)
        self.units, self.grid = parameters.units, parameters.grid

    @property
    def num_classes(self) -> int:
        """K."""
        return len(self.weights)

    def terms(self, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Means and 1 / deviations [K, J, 3], and the logarithm of each component at its mean [K, J], in a precision."""
        variances = self.variances.to(dtype)
        peak = self.weights.to(dtype).log() - 0.5 * (variances.log().sum(dim=-1) + DIMENSIONS * math.log(2 * math.pi))
        return self.means.to(dtype), variances.rsqrt(), peak


def _log_sum(points: Tensor, means: Tensor, scales: Tensor, peak: Tensor) -> Tensor:
    """log sum_j exp(peak_j) prod_d exp(-((x_d - mean_jd) * scale_jd)^2 / 2): [..., 3], [..., J, 3], [..., J] -> [...].

    Dimension by dimension, so that nothing as large as all three at once is kept.
    """
    squares = sum(((points[..., d].unsqueeze(-1) - means[..., d]) * scales[..., d]).square() for d in range(DIMENSIONS))
    logs = peak - 0.5 * squares
    # Where all components are -inf, so is the sum, and its gradient would be NaN.
    nowhere = logs.isneginf().all(dim=-1)
    return torch.where(nowhere, -torch.inf, torch.where(nowhere.unsqueeze(-1), 0, logs).logsumexp(dim=-1))


def log_density(mixtures: Mixtures, points: Tensor) -> Tensor:
    """The logarithm of the density of every class.

    Args:
        mixtures: of K classes.
        points: [..., 3], (x, y, z) in the units of the mixtures; float64 is computed as such, others in float32.

    Returns:
        [..., K]; -inf for a class without a mixture.
    """
    points = at_least_float32(points).unsqueeze(-2)
    return _log_sum(points, *mixtures.terms(points.dtype))


def class_log_density(mixtures: Mixtures, classes: Tensor, points: Tensor) -> Tensor:
    """The logarithm of the density of one class at each point, of which nothing else is computed.

    Args:
        mixtures: of K classes.
        classes: int64 [...]; for all but 0 to K - 1, such as 255, the density is 0.
        points: [..., 3], as for :func:`log_density`.

    Returns:
        [...].
    """
    points = at_least_float32(points)
    known = (classes >= 0) & (classes < mixtures.num_classes)
    index = torch.where(known, classes, 0)
    found = _log_sum(points, *(terms[index] for terms in mixtures.terms(points.dtype)))
    return torch.where(known, found, -torch.inf)


def image_shares(size: Sequence[int], place: CropPlace | None, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Where the pixels of a map lie in the whole image.

    Args:
        size: (h, w) of a map of the whole crop.
        place: where the crop lies; None for a whole image.
        device, dtype: of the results.

    Returns:
        columns [w] and rows [h] at the middle of the pixels, from 0 to 1 over the whole image; outside where the crop is padded.
    """
    rows, columns = ((torch.arange(side, device=device, dtype=dtype) + 0.5) / side for side in size)
    if place is None:
        return columns, rows
    (height, width), box = place.crop, place.box
    columns, rows = columns * width, rows * height
    columns = box.x2 - columns if place.flipped else box.x1 + columns
    return columns / place.resized[1], (box.y1 + rows) / place.resized[0]


def points_of(mixtures: Mixtures, depth: Tensor, places: Sequence[CropPlace] | None = None) -> Tensor:
    """Points of maps of inverse depth, in the units of the mixtures.

    Args:
        mixtures: know units and grid.
        depth: [B, h, w], z = 65536 / (centimetres + 1); 0 where unknown, which is never found in normalised units.
        places: where each crop lies in its image; None for whole images.

    Returns:
        [B, h, w, 3].
    """
    depth = at_least_float32(depth)
    shares = [image_shares(depth.shape[1:], place, depth.device, depth.dtype) for place in places or [None]]
    columns, rows = (torch.stack(sides) for sides in zip(*shares, strict=True))
    if mixtures.units == "raw":
        columns, rows = (sides * cells - 0.5 for sides, cells in zip((columns, rows), mixtures.grid, strict=True))
    else:
        depth = depth.clamp(min=0).log()
    columns, rows = columns[:, None].expand_as(depth), rows[:, :, None].expand_as(depth)
    return torch.stack([columns, rows, depth], dim=-1)


def squash(log_density: Tensor, scale: float) -> Tensor:
    """255 * (1 - exp(-scale * p)) of the logarithm of p: [...] -> [...] in [0, 255]."""
    return -HIGHEST * torch.expm1(-scale * log_density.exp())


@torch.no_grad()
def density_target(
    mixtures: Mixtures, classes: Tensor, depth: Tensor, *, label: Tensor | None = None, places: Sequence[CropPlace] | None = None
) -> Tensor:
    """What a density branch learns: how well each pixel fits its class, as a grey level; a constant, also where the depth is predicted.

    With labels (the source), a pixel that is not labelled as its class is evaluated at z = 0, as published: in raw units that density is
    not near 0, up to 183 of 255 for buildings. In normalised units it is 0. Without labels (the target), it is 0 where z is not above 0.

    Args:
        mixtures: of K classes.
        classes: int64 [B, h, w], which class each pixel is evaluated as: the prediction of the network, or pseudo-labels with 255.
        depth: [B, h, w], inverse depth z = 65536 / (centimetres + 1): the true one of the source, the predicted one of the target.
        label: int64 [B, h, w], true classes of the source.
        places: as for :func:`points_of`.

    Returns:
        [B, h, w] in [0, 255].
    """
    if label is not None:
        depth = torch.where(label == classes, depth, 0)
    density = squash(class_log_density(mixtures, classes, points_of(mixtures, depth, places)), SQUASH[mixtures.units])
    return density if label is not None else torch.where(depth > 0, density, 0)
