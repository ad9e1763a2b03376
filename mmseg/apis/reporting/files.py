"""A summary as files: Markdown, CSV and one HTML page; LaTeX and PDF for a paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from mmseg.apis.reporting.figures import write_curves
from mmseg.apis.reporting.latex import latex_text_of
from mmseg.apis.reporting.page import page
from mmseg.apis.reporting.summary import RowSummary, RunSummary, StudySummary, TableSummary
from mmseg.apis.reporting.tables import markdown, study_tables
from mmseg.utils.storage.files import write_bytes, write_text
from mmseg.visualization.figures.axis_chart import as_png, axis_chart

COLUMNS = ("study", "table", "row", "title", "seed", "digest", "folder", "state", "iteration", "choice")
PUBLISHED = ("published_mean", "published_note")


def write_summary(
    summary: StudySummary, study_id: int, folder: Path, command: str, *, latex: bool = False, curves: bool = False
) -> list[Path]:
    """Writes ``summary.md``, ``summary.csv``, ``summary.html`` and ``KEY.png`` of each table with a chart, and returns their paths.

    Args:
        summary: of :func:`mmseg.apis.reporting.summary.collect`.
        study_id: of ``experiments.py``.
        folder: receives the files; made if need be.
        command: that the files name as their origin.
        latex: ``summary.tex`` as well.
        curves: ``KEY_curves.pdf`` and ``KEY_classes.pdf`` of each table as well, see :func:`mmseg.apis.reporting.figures.write_curves`.

    Raises:
        UserError: the folder cannot be written to.
    """
    texts = {
        "summary.md": markdown_text_of(summary, study_id, command),
        "summary.csv": csv_text(summary, study_id),
        "summary.html": page(summary, study_id, command),
        **({"summary.tex": latex_text_of(summary, study_id, command)} if latex else {}),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    charts = [_write_chart(table, folder / f"{table.table.key}.png") for table in summary.tables if table.lines]
    return [*(folder / name for name in texts), *charts, *(write_curves(summary, folder) if curves else ())]


def _write_chart(table: TableSummary, path: Path) -> Path:
    name, heading = table.table.axis, table.table.metrics[0][1]
    write_bytes(path, as_png(axis_chart(table.lines, name, f"{heading} (%)")))
    return path


def markdown_text_of(summary: StudySummary, study_id: int, command: str) -> str:
    """The tables of the study, and the IoU per class."""
    tables = map(markdown, study_tables(summary, per_class=True))
    head = f"# {study_id}: {summary.study.title}\n\n{summary.origin}. mIoU in percent, mean ± standard deviation over n seeds."
    return "\n".join([head + f" Written by `{command}`.\n", *tables])


def csv_text(summary: StudySummary, study_id: int) -> str:
    """One line for each run of each row; unfinished runs have no numbers, absent classes are empty.

    The metrics of the tables also at the checkpoint that was chosen without labels, and the best of all evaluations, see
    :meth:`RunSummary.at_choice` and :meth:`RunSummary.best`.
    """
    rows = [(table.table.key, row, run) for table in summary.tables for row in table.rows for run in row.runs]
    asked = list(dict.fromkeys(name for table in summary.tables for name, _ in table.table.metrics))
    metrics = list(dict.fromkeys([*asked, *(name for _, _, run in rows for name in run.metrics)]))
    others = [f"{name}_{which}" for name in asked for which in ("at_choice", "best")]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*COLUMNS, *metrics, *others, *PUBLISHED], lineterminator="\n")
    writer.writeheader()
    for key, row, run in rows:
        values = {name: run.value(name) for name in metrics}
        writer.writerow({"study": study_id, "table": key, **_csv_cells(row, run), **values, **_of_other_checkpoints(run, asked)})
    return stream.getvalue()


def _of_other_checkpoints(run: RunSummary, metrics: Sequence[str]) -> dict[str, float | None]:
    if run.state != "finished":
        return {}
    chosen = {f"{name}_at_choice": run.at_choice(name) for name in metrics}
    return chosen | {f"{name}_best": run.best(name) for name in metrics}


def _csv_cells(row: RowSummary, run: RunSummary) -> dict[str, object]:
    published = row.row.published
    return {
        "row": row.address,
        "title": row.row.title,
        **{name: getattr(run, name) for name in ("seed", "digest", "folder", "state", "iteration", "choice")},
        "published_mean": published.mean if published else None,
        "published_note": published.note if published else None,
    }
