"""How far predicted depth is from the true one: the usual errors of depth estimation (Eigen et al., NeurIPS 2014, section 4.3).

Letters: (H, W) native size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

FULL_SCALE, CENTIMETRES = 65536.0, 100.0
NEAREST = 0.01
"""Metres: what is nearer counts as so far away, since its logarithm and what it is divided by must exist."""
RATIO = 1.25
PREFIX = "depth."
NAMES = ("rel", "rel2", "rms", "lrms", "delta1", "delta2", "delta3")


def metres(inverse_depth: Tensor) -> Tensor:
    """Of inverse depth z = 65536 / (centimetres + 1), in float64; what is beyond 1 to 65536 counts as 1 or 65536."""
    centimetres = FULL_SCALE / inverse_depth.double().clamp(1, FULL_SCALE) - 1
    return (centimetres / CENTIMETRES).clamp(min=NEAREST)


def depth_error_sums(predicted: Tensor, true: Tensor) -> np.ndarray:
    """What the errors of many images are made of.

    Args:
        predicted, true: inverse depth [H, W]. Pixels whose true one is not above 1 are not counted: the sky, and unknown depth.

    Returns:
        float64 [8]: number of pixels, and the sums over them of |d - t| / t, (d - t)^2 / t, (d - t)^2, (log d - log t)^2, in metres, and
        of how often the larger of d and t is below 1.25, 1.25^2 and 1.25^3 times the smaller one.
    """
    counted = true > 1
    d, t = metres(predicted[counted]), metres(true[counted])
    difference, logarithm = d - t, d.log() - t.log()
    within = [(logarithm.abs() < power * np.log(RATIO)).double() for power in (1, 2, 3)]
    terms = (torch.ones_like(d), difference.abs() / t, difference.square() / t, difference.square(), logarithm.square(), *within)
    return torch.stack([term.sum() for term in terms]).cpu().numpy()


def depth_scores(sums: np.ndarray) -> dict[str, float]:
    """The errors over all counted pixels of a data set, from the sum of :func:`depth_error_sums` of its images; NaN without any.

    Returns:
        ``depth.rel`` (percent), ``depth.rel2`` and ``depth.rms`` (metres), ``depth.lrms`` (hundredths of the natural logarithm),
        ``depth.delta1`` to ``depth.delta3`` (percent).
    """
    if not sums[0]:
        return dict.fromkeys((PREFIX + name for name in NAMES), float("nan"))
    relative, squared_relative, squared, logarithmic, *within = (sums[1:] / sums[0]).tolist()
    values = (100 * relative, squared_relative, squared**0.5, 100 * logarithmic**0.5, *(100 * share for share in within))
    return {PREFIX + name: value for name, value in zip(NAMES, values, strict=True)}
