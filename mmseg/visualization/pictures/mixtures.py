"""Mixtures over column, row and inverse depth as heat maps: where a class is in the image, and how far away in which row.

The density over two of the three is that over all depths, or over all columns: as covariances are diagonal, the factor of the third is left
out. Every map has its own brightest point.

Letters: K classes, J components, (H, W) map.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmseg.utils.products.mixture_file import MixtureParameters
from mmseg.visualization.colorize import heat
from mmseg.visualization.panels import Tile, draw_panel

COLUMN, ROW, DEPTH = range(3)
FARTHEST = 65536  # centimetres, of the sky
NEAREST = 100  # centimetres, where the axis of distances begins
CLASSES_IN_A_ROW = 3


def plane(mixtures: MixtureParameters, train_id: int, across: np.ndarray, down: np.ndarray, dimension: int) -> np.ndarray:
    """The density of a class over rows and one other dimension, whatever the third is.

    Args:
        mixtures: of K classes.
        train_id: the class.
        across: [W], values of ``dimension``.
        down: [H], rows in the units of the mixtures.
        dimension: :data:`COLUMN` or :data:`DEPTH`.

    Returns:
        float64 [H, W].
    """
    weights = mixtures.weights[train_id].double().numpy()
    factors = []
    for values, number in ((down, ROW), (across, dimension)):
        means, variances = (part[train_id, :, number].double().numpy() for part in (mixtures.means, mixtures.variances))
        widths = np.gradient(values)[:, None] if len(values) > 1 else np.zeros((1, 1))
        variances = np.maximum(variances, (widths / 2) ** 2)  # what is thinner than a pixel would be lost between two
        factors.append(np.exp(-((values[:, None] - means) ** 2) / (2 * variances)) / np.sqrt(2 * np.pi * variances))
    return (factors[0] * weights) @ factors[1].T


def draw_mixtures(mixtures: MixtureParameters, classes: Sequence[str], *, tile_height: int = 150) -> np.ndarray:
    """Two tiles for each class that has a mixture: rows over columns, and rows over the distance.

    Args:
        mixtures: of K classes.
        classes: K names.
        tile_height: in pixels.

    Returns:
        uint8 RGB [height, width, 3].
    """
    columns, rows = (np.arange(cells, dtype=np.float64) for cells in mixtures.grid)
    inverse = FARTHEST / np.geomspace(NEAREST, FARTHEST, len(columns))
    depth, per_step = inverse, inverse  # of equal steps of the logarithm
    if mixtures.units == "normalized":
        columns, rows = ((values + 0.5) / len(values) for values in (columns, rows))
        depth, per_step = np.log(inverse), np.ones_like(inverse)
    tiles: list[Tile] = []
    for train_id, name in enumerate(classes):
        if mixtures.weights[train_id].any():
            far = plane(mixtures, train_id, depth, rows, DEPTH) * per_step
            tiles += [(name, _brightest(plane(mixtures, train_id, columns, rows, COLUMN))), ("1 m to 655 m", _brightest(far))]
    step = 2 * CLASSES_IN_A_ROW
    return draw_panel([tiles[start : start + step] for start in range(0, len(tiles), step)], tile_height=tile_height)


def _brightest(values: np.ndarray) -> np.ndarray:
    """Painted from 0 to the largest value."""
    return heat(values / max(values.max(), np.finfo(np.float64).tiny))
