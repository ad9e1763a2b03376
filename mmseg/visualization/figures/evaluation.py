"""The figures of one evaluation: which classes are taken for which, and how well each is found.

Letters: K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mmseg.visualization.figures.charts import COLORS, INK, SETTINGS

CELL = 0.3  # inches
NAMES = 1.6  # inches for the names of the classes
SHOWN = 0.5  # percent: what is less is a colour without a number
DARK = 55  # percent: numbers on darker cells are white


def confusion_figure(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    """Where the pixels of each class went, in percent of them.

    Args:
        confusion: int [K, K] pixel counts, rows are true classes.
        classes: K names. The row of one without pixels is empty.
    """
    counts = np.asarray(confusion, dtype=float)
    pixels = counts.sum(axis=1, keepdims=True)
    percent = np.divide(100 * counts, pixels, out=np.full_like(counts, np.nan), where=pixels > 0)
    side = CELL * len(classes) + NAMES
    with matplotlib.rc_context(SETTINGS | {"axes.grid": False}):
        figure = Figure(figsize=(side, side), layout="constrained")
        axes = figure.add_subplot(xlabel="predicted", ylabel="labelled", aspect="equal")
        axes.pcolormesh(percent, cmap="Blues", vmin=0, vmax=100, edgecolors="white", linewidth=0.5)  # vectors, unlike imshow
        for row, column in np.argwhere(percent >= SHOWN):
            color = "white" if percent[row, column] > DARK else INK
            axes.text(column + 0.5, row + 0.5, f"{percent[row, column]:.0f}", ha="center", va="center", fontsize=6, color=color)
        places = np.arange(len(classes)) + 0.5
        axes.set_xticks(places, classes, rotation=90)
        axes.set_yticks(places, classes)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.invert_yaxis()
    return figure


def class_bars(iou: Sequence[float | None], classes: Sequence[str], mean: float) -> Figure:
    """A bar for each class, and a line at the mean.

    Args:
        iou: K values in percent; None or NaN for an absent class, which has no bar.
        classes: K names.
        mean: percent.
    """
    values = np.array([np.nan if value is None else value for value in iou], dtype=float)
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(5.0, 0.2 * len(classes) + 0.8), layout="constrained")
        axes = figure.add_subplot(xlabel="IoU (%)", xlim=(0, 108), ylim=(len(classes) - 0.4, -0.6))
        axes.barh(range(len(classes)), np.nan_to_num(values), height=0.7, color=COLORS[0])
        for place, value in enumerate(values):
            axes.text(np.nan_to_num(value) + 1, place, "absent" if np.isnan(value) else f"{value:.1f}", va="center", fontsize=7)
        axes.axvline(mean, color=COLORS[1], linewidth=1, linestyle="--", label=f"mean {mean:.1f}")
        axes.set_xticks([0, 20, 40, 60, 80, 100])
        axes.set_yticks(range(len(classes)), classes)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        figure.legend(loc="outside lower right")
    return figure
