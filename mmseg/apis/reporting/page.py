"""A summary as one HTML page that needs nothing beside itself: no links, scripts or fonts from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mmseg.apis.reporting.figures import class_values, curve_groups
from mmseg.apis.reporting.pictures import examples
from mmseg.apis.reporting.summary import CLASS, StudySummary, TableSummary, mean_curve
from mmseg.apis.reporting.tables import TextTable, class_table, result_table
from mmseg.visualization.figures.axis_chart import as_svg, axis_chart
from mmseg.visualization.figures.charts import class_bar_panels, class_curve_panels, curve_chart

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 68rem; background: #fff; color: #1f2328;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid #d1d9e0; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p, ul { margin: .25rem 0 .75rem; }
.lead, .hint, figcaption { color: #59636e; }
.hint, figcaption { font-size: .875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; margin: .25rem 0 .75rem; }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e8ec; }
th { font-weight: 600; border-bottom: 2px solid #8c959f; }
th.text, td.text { text-align: left; }
td.text:not(:first-child) { white-space: normal; min-width: 9rem; }
tbody tr:nth-child(even) { background: #f6f8fa; }
ul.health { padding: .5rem .75rem .5rem 2rem; border-left: 4px solid #d55e00; background: #fff6ef; font-size: .9rem; }
nav a { margin-right: 1rem; color: #0550ae; }
summary { cursor: pointer; font-weight: 600; margin: .75rem 0; }
svg { width: 100%; min-width: 40rem; height: auto; display: block; }
figure { margin: 0 0 1.5rem; }
img { max-width: 100%; height: auto; border: 1px solid #d1d9e0; }
"""


def page(summary: StudySummary, study_id: int, command: str) -> str:
    """The whole page.

    Args:
        summary: of :func:`mmseg.apis.reporting.summary.collect`.
        study_id: of ``experiments.py``.
        command: that the page names as its origin.
    """
    title = f"{study_id}: {summary.study.title}"
    finished = sum(run.state == "finished" for run in summary.runs)
    origin = f"Numbers in percent; ± is the standard deviation (n − 1) over n seeds. Written by <code>{escape(command)}</code>."
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="lead">{escape(summary.origin)} · {finished} of {len(summary.runs)} runs finished</p>',
        _contents(summary),
        *(_section(table) for table in summary.tables),
        _pictures(summary),
        f'<p class="hint">{origin}</p>',
    ]
    head = f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>'
    body = "\n".join(part for part in parts if part)
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def _contents(summary: StudySummary) -> str:
    if len(summary.tables) == 1:
        return ""
    links = (f'<a href="#{_anchor(table)}">{escape(table.table.key)}</a>' for table in summary.tables)
    return f"<nav>{''.join(links)}</nav>"


def _anchor(table: TableSummary) -> str:
    return escape(f"table-{table.table.key}", quote=True)


def _section(table: TableSummary) -> str:
    result = result_table(table)
    heading = f'<h2 id="{_anchor(table)}">{escape(result.title)}</h2>'
    parts = [heading, html_table(result), _legend(result), _health(result.notes), _over_axis(table)]
    if any(run.curve for row in table.rows for run in row.runs):
        parts += [_curves(table), _bars(table), _class_curves(table), _shares(table)]
    if table.measured and table.classes:
        parts.append(f"<details><summary>IoU per class as a table</summary>{html_table(class_table(table))}</details>")
    return "\n".join(part for part in parts if part)


def html_table(table: TextTable) -> str:
    """The cells of a table; its title and notes are left out."""
    head = "".join(_cell("th", heading, column < table.left) for column, heading in enumerate(table.headings))
    lines = ["".join(_cell("td", cell, column < table.left) for column, cell in enumerate(row)) for row in table.rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def _cell(tag: str, text: str, left: bool) -> str:
    kind = ' class="text"' if left else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"


def _legend(table: TextTable) -> str:
    return f'<p class="hint">{escape(table.legend)}</p>' if table.legend else ""


def _health(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<h3>Dead classes</h3>\n<ul class="health">{items}</ul>' if notes else ""


def _chart(heading: str, hint: str, svg: str) -> str:
    return f'<h3>{escape(heading)}</h3>\n<p class="hint">{escape(hint)}</p>\n<div class="wide">{svg}</div>'


def _over_axis(table: TableSummary) -> str:
    if not table.lines:
        return ""
    heading = table.table.metrics[0][1]
    chart = as_svg(axis_chart(table.lines, table.table.axis, f"{heading} (%)"))
    return _chart(f"{heading} over {table.table.axis}", "Mean over the seeds, and each seed as a dot.", chart)


def _curves(table: TableSummary) -> str:
    heading = table.table.metrics[0][1]
    diamonds = " A diamond is the published result." if any(row.comparable for row in table.rows) else ""
    hint = f"Mean over the seeds, a band of one standard deviation (n − 1), and each seed as a thin line.{diamonds}"
    return _chart("Learning curves", hint, curve_chart(curve_groups(table), f"{heading} (%)"))


def _bars(table: TableSummary) -> str:
    if not table.measured or not table.classes:
        return ""
    chart = class_bar_panels([row.label for row in table.rows], class_values(table), xlabel="IoU (%)")
    return _chart("IoU per class", "At the end of the training: mean over the seeds, and each seed as a dot.", chart)


def _class_curves(table: TableSummary) -> str:
    panels = {name: [mean_curve([run.points(f"{CLASS}{name}") for run in row.followed]) for row in table.rows] for name in table.classes}
    if not any(curve for curves in panels.values() for curve in curves):
        return ""
    chart = class_curve_panels([row.label for row in table.rows], panels, ylabel="IoU (%)")
    return _folded("IoU per class over the training", "Mean over the seeds. A curve that falls to zero is a class that has died.", chart)


def _shares(table: TableSummary) -> str:
    panels = {name: [mean_curve([run.pseudo_shares(name) for run in row.followed]) for row in table.rows] for name in table.classes}
    if not any(curve for curves in panels.values() for curve in curves):
        return ""
    chart = class_curve_panels([row.label for row in table.rows], panels, ylabel="share of the pseudo-label pixels (%)", logarithmic=True)
    hint = "Since the evaluation before, mean over the seeds, on a logarithmic scale. A class that reaches zero is no longer taught."
    return _folded("Share of the pseudo-label pixels per class", hint, chart)


def _folded(heading: str, hint: str, svg: str) -> str:
    return f'<details><summary>{escape(heading)}</summary>\n<p class="hint">{escape(hint)}</p>\n<div class="wide">{svg}</div></details>'


def _pictures(summary: StudySummary) -> str:
    figures = [
        f'<figure><img loading="lazy" alt="{escape(caption, quote=True)}" src="data:image/jpeg;base64,{picture}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, picture in examples(summary)
    ]
    return "\n".join(["<h2>Pictures</h2>", *figures]) if figures else ""
