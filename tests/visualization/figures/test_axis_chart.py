"""A number over what was varied: the points that are drawn."""

import re

import cv2
import numpy as np

from mmseg.visualization.figures.axis_chart import as_png, as_svg, axis_chart

LINES = {"first": [(0, [20.0, 22.0]), (0.1, [30.0, 34.0]), (100, [50.0])], "second": [(1, [40.0])]}


def test_means_are_lines_and_seeds_are_dots():
    (axes,) = axis_chart(LINES, "budget", "mIoU (%)").axes
    drawn = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.lines]
    seeds = ([0, 0, 0.1, 0.1], [20, 22, 30, 34])
    assert drawn == [tuple(map(list, seeds)), ([0, 0.1, 100], [21, 32, 50]), ([1], [40])]
    assert axes.get_xscale() == "symlog" and [label.get_text() for label in axes.get_xticklabels()] == ["0", "0.1", "1", "100"]


def test_a_short_axis_is_linear():
    (axes,) = axis_chart({"a": [(64, [1.0]), (2048, [2.0])]}, "samples", "mIoU (%)").axes
    assert axes.get_xscale() == "linear" and [label.get_text() for label in axes.get_xticklabels()] == ["64", "2048"]


def test_both_forms():
    text = as_svg(axis_chart(LINES, "budget", "mIoU (%)"))
    assert {"first", "second", "budget", "mIoU (%)"} <= set(re.findall(r"<text[^>]*>([^<]*)</text>", text))
    first, second = (as_png(axis_chart(LINES, "budget", "mIoU (%)")) for _ in range(2))
    assert first == second and cv2.imdecode(np.frombuffer(first, np.uint8), cv2.IMREAD_COLOR).std() > 5
