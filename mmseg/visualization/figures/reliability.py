"""Whether confidence means what it says, and what remains wrong where only the surest pixels are kept."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mmseg.evaluation.trust.measures import BINS, Reliability, RiskCoverage
from mmseg.visualization.figures.charts import COLORS, INK, SETTINGS

POINTS = 400
"""Of the curve at most: more cannot be seen."""


def reliability_figure(diagram: Reliability, curve: RiskCoverage) -> Figure:
    """Left, accuracy over confidence, with the share of pixels of each bin below; right, the error over the share of pixels kept.

    Args:
        diagram, curve: of data with at least one labelled pixel.
    """
    edges = np.linspace(0, 100, BINS + 1)
    middles, width = (edges[1:] + edges[:-1]) / 2, edges[1]
    shares = 100 * diagram.pixels / diagram.pixels.sum()
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        grid = figure.add_gridspec(2, 2, height_ratios=(3, 1))
        bins = figure.add_subplot(grid[0, 0], ylabel="right (%)", xlim=(0, 100), ylim=(0, 100))
        bins.bar(middles, np.nan_to_num(100 * diagram.accuracy), width=0.9 * width, color=COLORS[0])
        bins.plot((0, 100), (0, 100), color=INK, linewidth=1, linestyle="--", label="as sure as right")
        bins.set_title(f"calibration error {100 * diagram.error:.1f} %", fontsize=9)
        bins.legend(loc="upper left")
        below = figure.add_subplot(grid[1, 0], xlabel="confidence (%)", ylabel="pixels (%)", sharex=bins)
        below.bar(middles, shares, width=0.9 * width, color=COLORS[0])
        kept = figure.add_subplot(grid[:, 1], xlabel="surest pixels that are kept (%)", ylabel="wrong among them (%)", xlim=(0, 100))
        shown = np.unique(np.linspace(0, len(curve.coverage) - 1, POINTS).astype(int))
        kept.plot(100 * curve.coverage[shown], 100 * curve.risk[shown], color=COLORS[1], linewidth=2)
        kept.set_ylim(bottom=0)
    return figure
