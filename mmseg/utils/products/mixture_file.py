"""Where pixels of each class lie in the image and in depth, as a file of Gaussian mixtures (``tools/prepare/depth_distribution.py``).

An npz without pickled objects: ``means``, ``variances``, ``weights``, and ``header``, the JSON text of a :class:`MixtureHeader`.

Letters: K classes, J components.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Gt, Le, Len
from torch import Tensor
from typing_extensions import NotRequired

from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Share
from mmseg.utils.products.array_file import read_arrays, write_arrays
from mmseg.utils.products.header import TOOLS, Header, check_header
from mmseg.utils.products.json_file import PRODUCT, Count, Measure, checked_product

KIND = "mixtures"
ARRAYS = ("means", "variances", "weights")
REMAKE = f"Make a new one with {TOOLS[KIND]}, see its --help."
DIMENSIONS = 3
SLACK = 1e-3
"""How far the weights of a class may be from a sum of 1: printed numbers are rounded."""

Units = Literal["raw", "normalized"]
"""``raw``: column and row of a grid over the whole image, from 0, and inverse depth 65536 / (centimetres + 1). ``normalized``: column and
row at the middle of the pixel, from 0 to 1 over the whole image, and the logarithm of the same inverse depth."""
Side = Annotated[int, Gt(0), Le(2**31)]


class MixtureHeader(Header):
    """What a file of mixtures says of itself.

    Attributes:
        units: of means and variances.
        grid: columns and rows of the grid that pixels were taken from.
        pixels: that the mixture of each class is fitted to, by its name; 0 for a class that the data set does not show.
        log_likelihood: mean over them of the logarithm of the density.
        converged: whether the fit ended by itself.
        frequencies: share of each class among all labelled pixels on the grid.
        settings: what decides the mixtures beside the images.
    """

    __pydantic_config__ = PRODUCT

    kind: Literal["mixtures"]
    units: Units
    grid: Annotated[list[Side], Len(2, 2)]
    pixels: dict[str, Count]
    log_likelihood: dict[str, Measure]
    converged: dict[str, bool]
    frequencies: dict[str, Share]
    settings: NotRequired[dict[str, Any]]


@dataclass(frozen=True)
class MixtureParameters:
    """One mixture of Gaussians with diagonal covariances per class, over (x, y, z).

    Attributes:
        means: float32 [K, J, 3].
        variances: float32 [K, J, 3], above 0.
        weights: float32 [K, J], of a sum of 1 over J; all 0 for a class without a mixture, whose density is 0.
        units: see :data:`Units`.
        grid: (columns, rows) of the grid that x and y count in raw units.
    """

    means: Tensor
    variances: Tensor
    weights: Tensor
    units: Units
    grid: tuple[int, int]


def write_mixtures(path: str | Path, mixtures: MixtureParameters, header: MixtureHeader) -> None:
    """Writes a file of mixtures atomically.

    Raises:
        UserError: its name ends with something else than .npz, the folder is read-only or the disk is full.
    """
    write_arrays(path, KIND, {name: getattr(mixtures, name).cpu().numpy() for name in ARRAYS}, header)


def read_mixtures(path: str | Path, *, classes: Sequence[str] | None = None) -> MixtureParameters:
    """Reads a file of mixtures.

    Args:
        path: npz file.
        classes: names by train id of the network that it is for; None takes any.

    Raises:
        UserError: it is missing or broken, or about other classes.
    """
    arrays, header = _content(path)
    check_header(header, path, kind=KIND, classes=classes)
    return MixtureParameters(*map(torch.from_numpy, arrays), units=header["units"], grid=tuple(header["grid"]))


def read_mixture_header(path: str | Path) -> MixtureHeader:
    """What a file of mixtures says of itself; errors as of :func:`read_mixtures`."""
    return _content(path)[1]


def _content(path: str | Path) -> tuple[list[np.ndarray], MixtureHeader]:
    arrays, header = read_arrays(path, KIND, ARRAYS, REMAKE)
    means, variances, weights = arrays
    fits = all(array.dtype == np.float32 for array in arrays) and weights.ndim == 2 and weights.size
    fits = fits and means.shape == variances.shape == (*weights.shape, DIMENSIONS)
    if not fits or not all(np.isfinite(array).all() for array in arrays) or not (variances > 0).all() or not _shares(weights):
        raise UserError(f"{path} holds other numbers than mixtures: means, variances above 0 and weights of a sum of 1 by class. {REMAKE}")
    header = checked_product(header, path, MixtureHeader, REMAKE)
    classes, known = header["classes"], [name for name in header["classes"] if name in header["frequencies"]]
    if not len(means) == len(known) == len(classes):
        raise UserError(f"{path} holds {len(means)} mixtures and {len(known)} frequencies of {len(classes)} classes. {REMAKE}")
    return arrays, header


def _shares(weights: np.ndarray) -> bool:
    """Whether each row of [K, J] sums to 1, or is of zeros, with nothing below 0."""
    sums = weights.sum(axis=1)
    return bool((weights >= 0).all() and ((np.abs(sums - 1) < SLACK) | (sums == 0)).all())
