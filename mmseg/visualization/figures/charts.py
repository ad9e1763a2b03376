"""Charts as SVG that can stand inside an HTML page, without scripts, links and fonts of their own, and as PDF for a paper."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib
import matplotlib.ticker
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

Points = Sequence[tuple[int, float]]
"""(iteration, percent)."""

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#8c8c8c")
"""Told apart by colour-blind readers (Okabe and Ito, 2008), with grey for their yellow, which is faint on white."""
STYLES = ("-", "--", ":", "-.")  # one for each round through the colours
INK, GRID = "#24292f", "#d8dee4"
SETTINGS = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "summary",  # the same ids on every run
    "pdf.fonttype": 42,  # TrueType: some publishers take no Type 3
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # measures the text; a reader without it sees its own
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}
WIDTH = 9.0  # inches: 648 units of the SVG
PANELS = 5  # per line
LEGEND_LINE = 0.2  # inches
SMALLEST_SHARE = 0.01  # percent: the logarithmic axis is linear below


@dataclass(frozen=True, kw_only=True)
class CurveGroup:
    """What one row of a table draws.

    Attributes:
        label: of the row.
        seeds: a thin curve each.
        mean: a thick one.
        deviation: standard deviation at points of the mean, a band around it.
        reference: percent, a diamond at the end of the curve; None for no diamond.
    """

    label: str
    seeds: Sequence[Points]
    mean: Points
    deviation: Points = ()
    reference: float | None = None


def curve_chart(groups: Sequence[CurveGroup], ylabel: str) -> str:
    """:func:`curve_figure` as SVG."""
    return svg(curve_figure(groups, ylabel))


def curve_figure(groups: Sequence[CurveGroup], ylabel: str) -> Figure:
    """Curves over the iterations: mean, deviation and seeds of each row.

    Args:
        groups: in the order of their colours; those without points keep theirs and are not drawn.
        ylabel: what the curves show.
    """
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, 3.6 + LEGEND_LINE * len(groups)), layout="constrained")
        axes = figure.add_subplot(xlabel="iteration", ylabel=ylabel)
        for number, group in enumerate(groups):
            for points in group.seeds if len(group.seeds) > 1 else ():
                _plot(axes, number, points, linewidth=0.7, alpha=0.6)
            _band(axes, number, group)
            _plot(axes, number, group.mean, linewidth=2, marker=".")
            if group.reference is not None and group.mean:
                axes.plot(group.mean[-1][0], group.reference, "D", markersize=5, markeredgecolor=_color(number), markerfacecolor="white")
        _thousands(axes)
        _legend(figure, [group.label for group in groups], drawn=[bool(group.mean) for group in groups])
    return figure


def class_curve_panels(labels: Sequence[str], panels: Mapping[str, Sequence[Points]], *, ylabel: str, logarithmic: bool = False) -> str:
    """A small chart of curves for each class.

    Args:
        labels: of the rows, in the order of their colours.
        panels: by class, one curve for each row.
        ylabel: what they show.
        logarithmic: shows small shares apart, down to zero.
    """
    with matplotlib.rc_context(SETTINGS):
        figure, grid = _panels(list(panels), height=1.25, legend=len(labels), xlabel="iteration")
        for axes, curves in zip(grid, panels.values(), strict=True):
            for number, points in enumerate(curves):
                _plot(axes, number, points, linewidth=1.3)
            _thousands(axes)
        if logarithmic:
            grid[0].set_yscale("symlog", linthresh=SMALLEST_SHARE)
            grid[0].set_ylim(-SMALLEST_SHARE / 10, 130)
            grid[0].set_yticks([0, 0.01, 0.1, 1, 10, 100], ["0", "0.01", "0.1", "1", "10", "100"])
        else:
            grid[0].set_ylim(-2, 102)
        figure.supylabel(ylabel, fontsize=9)
        _legend(figure, labels, drawn=[any(curves[number] for curves in panels.values()) for number in range(len(labels))])
        return svg(figure)


def class_bar_panels(labels: Sequence[str], panels: Mapping[str, Sequence[Sequence[float]]], *, xlabel: str) -> str:
    """:func:`class_bar_figure` as SVG."""
    return svg(class_bar_figure(labels, panels, xlabel=xlabel))


def class_bar_figure(labels: Sequence[str], panels: Mapping[str, Sequence[Sequence[float]]], *, xlabel: str) -> Figure:
    """A small bar chart for each class: the mean of each row, and a dot for each seed.

    Args:
        labels: of the rows, in the order of their colours.
        panels: by class, for each row the values in percent of its seeds; rows without values have no bar.
        xlabel: what they show.
    """
    with matplotlib.rc_context(SETTINGS | {"axes.grid": False}):
        figure, grid = _panels(list(panels), height=0.45 + 0.14 * len(labels), legend=len(labels), xlabel=xlabel)
        for axes, rows in zip(grid, panels.values(), strict=True):
            _bars(axes, rows)
        grid[0].set_xlim(0, 118)  # room for the numbers
        grid[0].set_xticks([0, 50, 100])
        grid[0].set_ylim(len(labels) - 0.4, -0.6)
        grid[0].set_yticks([])
        drawn = [any(rows[number] for rows in panels.values()) for number in range(len(labels))]
        _legend(figure, labels, drawn=drawn, bars=True)
    return figure


def _bars(axes: Axes, rows: Sequence[Sequence[float]]) -> None:
    for number, values in enumerate(rows):
        if not values:
            continue
        mean = float(np.mean(values))
        axes.barh(number, mean, height=0.8, color=_color(number), edgecolor="white", hatch=_hatch(number), linewidth=0)
        if len(values) > 1:
            axes.plot(values, [number] * len(values), ".", color=INK, markersize=2.5)
        axes.text(max(mean, *values) + 2, number, f"{mean:.0f}", va="center", fontsize=6.5)


def svg(figure: Figure) -> str:
    """A figure as an element for an HTML page, which needs no namespaces; numbers have two decimals."""
    stream = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(stream, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # would hold for the whole page
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    own = hashlib.sha256(text.encode()).hexdigest()[:8]  # several charts stand in one page, where ids must differ
    text = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{own}", text.replace("xlink:href", "href"))
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", tag[0]), text)
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def as_pdf(figure: Figure) -> bytes:
    """The bytes of a file, all of it vectors; the same on every run."""
    stream = io.BytesIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(stream, format="pdf", metadata=dict.fromkeys(("Creator", "Producer", "CreationDate")))
    return stream.getvalue()


def _panels(titles: Sequence[str], *, height: float, legend: int, xlabel: str) -> tuple[Figure, list[Axes]]:
    """One small chart for each title, ``height`` inches each, on the same axes."""
    lines = -(-len(titles) // PANELS)
    figure = Figure(figsize=(WIDTH, 0.5 + lines * height + LEGEND_LINE * legend), layout="constrained")
    grid = list(figure.subplots(lines, PANELS, sharex=True, sharey=True, squeeze=False).flat)
    for axes in grid[len(titles) :]:
        axes.set_axis_off()
    for number, (axes, title) in enumerate(zip(grid, titles, strict=False)):
        lowest = number + PANELS >= len(titles)
        axes.set_title(title, pad=3)
        axes.tick_params(labelsize=7, labelbottom=lowest)
        axes.set_xlabel(xlabel if lowest else "", fontsize=7)
    return figure, grid[: len(titles)]


def _plot(axes: Axes, number: int, points: Points, **style: object) -> None:
    if points:
        axes.plot(*zip(*points, strict=True), color=_color(number), linestyle=_style(number), **style)


def _band(axes: Axes, number: int, group: CurveGroup) -> None:
    means = dict(group.mean)
    around = [(iteration, means[iteration] - width, means[iteration] + width) for iteration, width in group.deviation]
    if around:
        axes.fill_between(*zip(*around, strict=True), color=_color(number), alpha=0.1, linewidth=0)


def _thousands(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}" if value < 1000 else f"{value / 1000:g}k")
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(nbins=5, integer=True))


def _legend(figure: Figure, labels: Sequence[str], *, drawn: Sequence[bool], bars: bool = False) -> None:
    """The labels of what is drawn, one a line below the chart."""
    style = {"linewidth": 7} if bars else {"linewidth": 2}
    handles = [
        Line2D([], [], color=_color(number), linestyle="-" if bars else _style(number), label=label, **style)
        for number, label in enumerate(labels)
        if drawn[number]
    ]
    if handles:
        figure.legend(handles=handles, loc="outside lower left", ncols=2 if len(handles) > 4 else 1, fontsize=8)


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]


def _style(number: int) -> str:
    return STYLES[number // len(COLORS) % len(STYLES)]


def _hatch(number: int) -> str | None:
    return (None, "////", "....", "xxxx")[number // len(COLORS) % len(STYLES)]
