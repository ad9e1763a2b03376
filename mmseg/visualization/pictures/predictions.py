"""What a network says about one photo, as a picture.

Letters: (H, W) size of the photo.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmseg.visualization.colorize import Palette, colorize_labels, heat
from mmseg.visualization.panels import Tile, draw_panel, legend, stack

TILE_HEIGHTS = (256, 512)  # pixels: captions fit above the smallest, three of the largest fit on a wide screen

VALUE_PALETTE: Palette = [tuple(color) for color in heat(np.arange(256)[None] / 255)[0].tolist()]
"""Colours of :func:`value_levels`."""


def value_levels(values: np.ndarray) -> np.ndarray:
    """Rounds [H, W] in [0, 1] to uint8 levels of 1/255; with :data:`VALUE_PALETTE` viewers show them as heat map."""
    return (values * 255).round().clip(0, 255).astype(np.uint8)


def prediction_panel(
    photo: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    confidence: np.ndarray,
    *,
    attention: np.ndarray | None = None,
    palette: Palette,
    classes: Sequence[str],
) -> np.ndarray:
    """Two rows for a network of several views, one row for a plain one, and a legend of the classes.

    Args:
        photo: uint8 RGB [H, W, 3].
        predictions: train ids uint8 [H, W] by caption; the first one beside the photo, the others below.
        confidence: [H, W] in [0, 1], of the first prediction.
        attention: [H, W] in [0, 1], share of the detail view.
        palette, classes: colours and names by train id.

    Returns:
        uint8 RGB [height, width, 3].
    """
    first, *others = [(caption, colorize_labels(labels, palette)) for caption, labels in predictions.items()]
    rows: list[list[Tile]] = [[("photo", photo), first, (f"confidence, mean {confidence.mean():.2f} (bright: sure)", heat(confidence))]]
    if attention is not None:
        others.append((f"scale attention, mean {attention.mean():.2f} (bright: detail)", heat(attention)))
    rows += [others] if others else []
    panel = draw_panel(rows, tile_height=int(np.clip(photo.shape[0], *TILE_HEIGHTS)))
    return stack([panel, legend(palette, classes, width=panel.shape[1])])
