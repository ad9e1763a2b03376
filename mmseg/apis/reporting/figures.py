"""What the charts of a table show, and the same charts as PDF files for a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mmseg.apis.reporting.summary import CLASS, StudySummary, TableSummary, deviation_curve, mean_curve
from mmseg.utils.storage.files import write_bytes
from mmseg.visualization.figures.charts import CurveGroup, as_pdf, class_bar_figure, curve_figure


def curve_groups(table: TableSummary) -> list[CurveGroup]:
    """The first metric over the iterations, for each row."""
    name = table.table.metrics[0][0]
    return [
        CurveGroup(
            label=row.label,
            seeds=[run.points(name) for run in row.runs],
            mean=mean_curve([run.points(name) for run in row.followed]),
            deviation=deviation_curve([run.points(name) for run in row.followed]),
            reference=row.row.published.mean if row.comparable else None,
        )
        for row in table.rows
    ]


def class_values(table: TableSummary) -> dict[str, list[Sequence[float]]]:
    """The IoU of each class: for each row, that of each finished seed."""
    return {name: [row.values(f"{CLASS}{name}") for row in table.rows] for name in table.classes}


def write_curves(summary: StudySummary, folder: Path) -> list[Path]:
    """Writes ``KEY_curves.pdf`` of each table that was evaluated, ``KEY_classes.pdf`` of each with a finished run, and returns their paths.

    Raises:
        UserError: the folder cannot be written to.
    """
    written = []
    for table in summary.tables:
        for name, content in _figures(table):
            write_bytes(folder / name, content)
            written.append(folder / name)
    return written


def _figures(table: TableSummary) -> Iterator[tuple[str, bytes]]:
    key, heading = table.table.key, table.table.metrics[0][1]
    groups = curve_groups(table)
    if any(group.mean for group in groups):
        yield f"{key}_curves.pdf", as_pdf(curve_figure(groups, f"{heading} (%)"))
    if table.measured and table.classes:
        labels = [row.label for row in table.rows]
        yield f"{key}_classes.pdf", as_pdf(class_bar_figure(labels, class_values(table), xlabel="IoU (%)"))
