"""Pseudo-labels of one image made in several ways, beside what is true, as one picture.

Letters: (H, W) size of the image, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmseg.visualization.colorize import Palette, colorize_labels
from mmseg.visualization.panels import draw_panel, legend, stack


def draw_label_quality(
    image: np.ndarray,
    truth: np.ndarray,
    made: Sequence[tuple[str, np.ndarray]],
    palette: Palette,
    names: Sequence[str],
    *,
    tile_height: int = 256,
) -> np.ndarray:
    """The image and its label, below them the pseudo-labels in their order; black has no label.

    Args:
        image: uint8 RGB [H, W, 3].
        truth: uint8 [H, W], train ids and 255.
        made: a caption and pseudo-labels uint8 [H, W] for each way.
        palette: K colours.
        names: K names.
        tile_height: in pixels.

    Returns:
        uint8 RGB [height, width, 3].
    """
    rows = [("image", image), ("label", colorize_labels(truth, palette))]
    below = [(caption, colorize_labels(label, palette)) for caption, label in made]
    panel = draw_panel([rows, below], tile_height=tile_height)
    return stack([panel, legend(palette, names, width=panel.shape[1])])
