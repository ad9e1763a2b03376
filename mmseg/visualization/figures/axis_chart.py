"""A number over what was varied, such as mIoU over the budget of labels: a line for each way, a dot for each seed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mmseg.visualization.figures.charts import COLORS, SETTINGS, STYLES, svg

Line = Sequence[tuple[float, Sequence[float]]]
"""(place on the axis, the values of its seeds), by rising place."""

WIDTH, HEIGHT = 7.0, 3.8  # inches
DOTS = 110  # per inch
DECADES = 50  # a longer axis is logarithmic


def axis_chart(lines: Mapping[str, Line], xlabel: str, ylabel: str) -> Figure:
    """Means as a line, seeds as dots; a line of one place is a marker.

    Args:
        lines: by their names. The axis is logarithmic, but for a linear piece around 0, where places reach over more than a factor of 50.
        xlabel: of the places, which are 0 or more.
        ylabel: of the values.
    """
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DOTS, layout="constrained")
        axes = figure.add_subplot(xlabel=xlabel, ylabel=ylabel)
        for number, (name, line) in enumerate(lines.items()):
            color = COLORS[number % len(COLORS)]
            dots = [(place, value) for place, values in line for value in values if len(values) > 1]
            if dots:
                axes.plot(*zip(*dots, strict=True), ".", color=color, markersize=4, alpha=0.6)
            means = [(place, float(np.mean(values))) for place, values in line]
            style = STYLES[number // len(COLORS) % len(STYLES)]
            axes.plot(*zip(*means, strict=True), color=color, linestyle=style, marker="o", linewidth=2, label=name)
        places = sorted({place for line in lines.values() for place, _ in line})
        above = [place for place in places if place > 0]
        if above and above[-1] > DECADES * above[0]:
            axes.set_xscale("symlog", linthresh=above[0])
            axes.set_xlim(-0.2 * above[0] if places[0] == 0 else 0.8 * above[0], 1.3 * above[-1])
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.minorticks_off()
        figure.legend(loc="outside lower center", ncols=min(len(lines), 3))
    return figure


def as_svg(figure: Figure) -> str:
    """An element for an HTML page, see :func:`mmseg.visualization.figures.charts.svg`."""
    return svg(figure)


def as_png(figure: Figure) -> bytes:
    """The bytes of a file; the same on every run."""
    stream = io.BytesIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
