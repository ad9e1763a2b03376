"""How often classes are shown, in several ways of counting, as one picture.

Letters: K classes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import cv2
import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mmseg.visualization.figures.charts import COLORS, SETTINGS

WIDTH = 10.0  # inches
DOTS = 110  # per inch


def class_share_picture(classes: Sequence[str], shares: Mapping[str, Sequence[float]], title: str) -> np.ndarray:
    """Bars for each class, one for each way of counting.

    Args:
        classes: K names.
        shares: by the name of the way, K shares in [0, 1] of the images that show a class.
        title: of the picture.

    Returns:
        uint8 BGR [H, W, 3].
    """
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, 4.2), dpi=DOTS, layout="constrained")
        axes = figure.add_subplot(ylabel="share of the images", title=title)
        width = 0.84 / len(shares)
        for number, (name, values) in enumerate(shares.items()):
            places = np.arange(len(classes)) + width * (number - (len(shares) - 1) / 2)
            axes.bar(places, values, width, label=name, color=COLORS[number % len(COLORS)])
        axes.set_xticks(range(len(classes)), classes, rotation=40, ha="right")
        axes.grid(axis="x", visible=False)
        axes.set_xlim(-0.6, len(classes) - 0.4)
        axes.set_ylim(0, 1.02)
        figure.legend(loc="outside lower center", ncols=len(shares))
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
    return cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), cv2.IMREAD_COLOR)
