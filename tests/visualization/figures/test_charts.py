"""Charts: what they draw, as text of the SVG."""

import re

from mmseg.visualization.figures.charts import COLORS, CurveGroup, class_bar_panels, class_curve_panels, curve_chart


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def group(label: str, *seeds, reference=None) -> CurveGroup:
    return CurveGroup(label=label, seeds=seeds, mean=seeds[0] if seeds else (), reference=reference)


def test_curves_have_labels_colours_and_thin_seeds():
    rising, falling = ((1000, 10.0), (2000, 40.0)), ((1000, 20.0), (2000, 15.0))
    svg = curve_chart([group("first", rising, falling), group("empty"), group("<third>", falling, reference=30.0)], "mIoU (%)")
    assert {"first", "&lt;third&gt;", "iteration", "mIoU (%)"} <= set(texts(svg)) and "empty" not in svg
    assert COLORS[0] in svg and COLORS[2] in svg and COLORS[1] not in svg
    assert len(re.findall(r"stroke-opacity: 0.6", svg)) == 2  # the seeds of the first


def test_no_namespaces_scripts_or_long_numbers():
    svg = curve_chart([group("$a_1$", ((1, 1 / 3), (2, 2 / 3)))], "y")
    assert svg.startswith("<svg") and svg.endswith("</svg>") and "$a_1$" in texts(svg)
    assert not re.search(r"http|xmlns|<metadata|<style|\d\.\d{3}", svg)


def test_the_same_chart_is_the_same_text():
    first, second = (curve_chart([group("a", ((1, 1.0), (2, 2.0)))], "y") for _ in range(2))
    assert first == second != curve_chart([group("b", ((1, 1.0), (2, 2.0)))], "y")


def test_a_panel_for_each_class():
    panels = {"road": [((1, 90.0), (2, 95.0)), ()], "train": [((1, 0.02), (2, 0.0)), ()]}
    svg = class_curve_panels(["a", "b"], panels, ylabel="share (%)", logarithmic=True)
    assert {"road", "train", "share (%)", "0.01", "100", "a"} <= set(texts(svg)) and "b" not in texts(svg)


def test_bars_carry_their_means():
    svg = class_bar_panels(["a", "b"], {"road": [[90.0, 94.0], []], "train": [[0.0], [12.0]]}, xlabel="IoU (%)")
    assert {"92", "0", "12", "road", "train", "a", "b"} <= set(texts(svg))


def test_more_rows_than_colours_are_told_apart():
    points = ((1, 1.0), (2, 2.0))
    svg = curve_chart([group(str(number), points) for number in range(10)], "y")
    assert svg.count("stroke-dasharray") >= 2
