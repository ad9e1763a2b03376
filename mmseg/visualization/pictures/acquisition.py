"""What an oracle was asked for as a picture: image, score map, picked regions, labels given.

Letters: (H, W) size of the image, n picks, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.visualization.colorize import Palette, color_table, heat, overlay
from mmseg.visualization.panels import draw_panel, legend, scale_tile, stack

DIMMED = 0.6  # share of white over the image where labels and picks lie
OUTLINE = (214, 39, 40)  # of a pick
SMALLEST = 5  # pixels of the picture: the side of the smallest outline
SPECK = 3  # pixels of the picture: the side of the smallest label


def draw_acquisition(
    image: np.ndarray,
    score: np.ndarray,
    picks: np.ndarray,
    label: np.ndarray,
    palette: Palette,
    *,
    radius: int,
    names: Sequence[str] = (),
    tile_height: int = 320,
) -> np.ndarray:
    """Four tiles in two rows, with a legend of the classes where their names are given.

    Regions of few pixels would vanish when an image is scaled down. Outlines and labels are therefore drawn at the size of the tile, and
    no smaller than can be seen.

    Args:
        image: uint8 RGB [H, W, 3].
        score: float [H, W], painted from its lowest to its highest number; what is not finite is painted as the lowest.
        picks: int [n, 2], row and column of the picks that are outlined.
        label: uint8 [H, W], train ids of the labels given so far, and 255.
        palette: K colours.
        radius: of what is labelled around a pick, in pixels of the image.
        names: K names for the legend; none leaves it out.
        tile_height: height of a tile in pixels.

    Returns:
        uint8 RGB [height, width, 3].
    """
    dimmed = overlay(image, np.full_like(image, 255), DIMMED)
    small = scale_tile(dimmed, tile_height)
    panel = draw_panel(
        [
            [("image", image), ("score", heat(_from_0_to_1(score)))],
            [
                (f"{len(picks)} picks", outlined(small, picks, radius, image.shape[:2])),
                (f"labels: {(label != IGNORE).mean():.2%} of the pixels", with_labels(small, label, palette)),
            ],
        ],
        tile_height=tile_height,
    )
    return stack([panel, legend(palette, names, width=panel.shape[1])]) if len(names) else panel


def _from_0_to_1(score: np.ndarray) -> np.ndarray:
    finite = np.where(np.isfinite(score), score, np.nan).astype(np.float64)
    if np.isnan(finite).all():
        return np.zeros(score.shape)
    least, most = np.nanmin(finite), np.nanmax(finite)
    return (finite - least) / ((most - least) or 1)


def outlined(tile: np.ndarray, picks: np.ndarray, radius: int, size: tuple[int, int]) -> np.ndarray:
    """Draws the square around every pick.

    Args:
        tile: uint8 RGB [height, width, 3], the scaled image.
        picks: int [n, 2] in pixels of the image.
        radius: of a square in pixels of the image.
        size: (H, W) of the image.

    Returns:
        uint8 RGB [height, width, 3].
    """
    drawn = tile.copy()
    scale = np.array(tile.shape[:2]) / size
    for pick in np.asarray(picks):
        middle = (pick + 0.5) * scale
        half = np.maximum((radius + 0.5) * scale, SMALLEST / 2)
        (top, left), (bottom, right) = np.floor(middle - half).astype(int), np.ceil(middle + half).astype(int) - 1
        cv2.rectangle(drawn, (int(left), int(top)), (int(right), int(bottom)), OUTLINE)
    return drawn


def with_labels(tile: np.ndarray, label: np.ndarray, palette: Palette) -> np.ndarray:
    """Paints every labelled pixel as a square that can be seen.

    Args:
        tile: uint8 RGB [height, width, 3], the scaled image.
        label: uint8 [H, W], train ids and 255.
        palette: K colours.

    Returns:
        uint8 RGB [height, width, 3].
    """
    drawn = tile.copy()
    places = np.argwhere(label != IGNORE)
    rows, columns = ((places + 0.5) * np.array(tile.shape[:2]) / label.shape).astype(int).T
    colors = color_table(palette)[label[places[:, 0], places[:, 1]]]
    for down in range(-(SPECK // 2), SPECK // 2 + 1):
        for across in range(-(SPECK // 2), SPECK // 2 + 1):
            drawn[np.clip(rows + down, 0, len(drawn) - 1), np.clip(columns + across, 0, drawn.shape[1] - 1)] = colors
    return drawn
