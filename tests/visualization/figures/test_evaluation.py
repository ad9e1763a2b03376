"""The figures of an evaluation: what they draw, and that a file is the same every time."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mmseg.visualization.figures.charts import CurveGroup, as_pdf, class_bar_figure, curve_figure, svg
from mmseg.visualization.figures.evaluation import class_bars, confusion_figure

CLASSES = ("road", "$a_b$", "train")
CONFUSION = np.array([[3, 1, 0], [0, 1000, 1], [0, 0, 0]])


def cells(figure) -> dict[tuple[int, int], str]:
    """The numbers by row and column."""
    (axes,) = figure.axes
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axes.texts}


def test_rows_are_percent_of_their_pixels():
    figure = confusion_figure(CONFUSION, CLASSES)
    assert cells(figure) == {(0, 0): "75", (0, 1): "25", (1, 1): "100"}
    (axes,) = figure.axes
    assert axes.yaxis_inverted() and [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
    shown = np.ma.filled(axes.collections[0].get_array(), np.nan)
    np.testing.assert_allclose(shown, [[75, 25, 0], [0, 100000 / 1001, 100 / 1001], [np.nan] * 3])


def test_bars_of_an_absent_class_are_empty():
    (axes,) = class_bars([50.0, float("nan"), None], CLASSES, 50.0).axes
    assert [bar.get_width() for bar in axes.patches] == [50, 0, 0]
    assert [text.get_text() for text in axes.texts] == ["50.0", "absent", "absent"]
    assert [line.get_xdata() for line in axes.lines] == [[50.0, 50.0]]


def made(kind: str):
    if kind == "confusion":
        return confusion_figure(CONFUSION, CLASSES)
    if kind == "bars":
        return class_bars([50.0, None, 1.0], CLASSES, 25.5)
    if kind == "panels":
        return class_bar_figure(["a"], {"road": [[90.0, 94.0]]}, xlabel="IoU (%)")
    seeds = (((1, 1.0), (2, 2.0)), ((1, 3.0), (2, 2.0)))
    return curve_figure([CurveGroup(label="a", seeds=seeds, mean=((1, 2.0), (2, 2.0)), deviation=((1, 1.4), (2, 0.0)))], "mIoU (%)")


@pytest.mark.parametrize("kind", ["confusion", "bars", "panels", "curves"])
def test_a_file_is_vectors_and_the_same_every_time(kind):
    first, second = (as_pdf(made(kind)) for _ in range(2))
    assert first == second and first.startswith(b"%PDF")
    assert b"CreationDate" not in first and b"/Subtype /Image" not in first and b"/Type3" not in first
    assert svg(made(kind)) == svg(made(kind))


def test_the_band_is_one_deviation_wide():
    (axes,) = made("curves").axes
    (band,) = axes.collections
    assert {tuple(point) for point in band.get_paths()[0].vertices.round(6)} == {(1, 0.6), (1, 3.4), (2, 2.0)}


def test_nothing_is_left_behind():
    """No figure that pyplot keeps, no setting that later pictures would have."""
    before = dict(plt.rcParams)
    for kind in ("confusion", "bars", "panels", "curves"):
        as_pdf(made(kind))
    assert not plt.get_fignums() and dict(plt.rcParams) == before
