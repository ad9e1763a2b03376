"""The tables of a summary as text: cells once, for the terminal and for Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import rich.table
from rich.console import Console
from rich.text import Text

from mmseg.apis.launching.runs import Run
from mmseg.apis.reporting.evidence import HEADING, NOTE, evidence_cells
from mmseg.apis.reporting.summary import CLASS, RowSummary, RunSummary, Spread, StudySummary, TableSummary, collect
from mmseg.experiments import Study

Column = tuple[str, list[str]]
"""Heading and cells."""

ABSENT = "-"
CHOSEN, BEST = "choice", "best"
LEGEND = (
    f"{{}} those of the last state. {CHOSEN}: of the checkpoint that scores without labels speak for (tools/choose.py). "
    f"{BEST}: of the best validation; where that is the target, its labels have chosen, and the number is an upper line."
)
WIDE = 200  # characters: of a table that is printed into a file


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """A table of plain text.

    Attributes:
        title: heading.
        headings: of the columns.
        rows: as many cells each.
        left: number of columns that are text, from the left; the others are numbers.
        notes: sentences below it.
        legend: what the columns are, one sentence or more.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int
    notes: tuple[str, ...] = ()
    legend: str = ""


def print_study(study: Study, runs: Mapping[str, Sequence[Run]]) -> None:
    """Prints the tables of a study with what its runs have measured so far.

    Args:
        study: of ``experiments.py``.
        runs: by the address of their row, see :func:`mmseg.apis.launching.rows.study_runs`.

    Raises:
        UserError: a result or a curve is broken.
    """
    print_tables(study_tables(collect(study, runs)))


def study_tables(summary: StudySummary, *, per_class: bool = False) -> list[TextTable]:
    """All tables of a study; with ``per_class`` each is followed by one with the IoU of every class."""
    tables = []
    for table in summary.tables:
        tables += [result_table(table), *([class_table(table)] if per_class and table.measured else [])]
    return tables


def result_table(table: TableSummary) -> TextTable:
    """Mean ± standard deviation (n - 1), minimum and n over the finished seeds, and the published number beside the first metric.

    Rows with two seeds or more are set against the row above, see :mod:`mmseg.apis.reporting.evidence`.
    """
    first, *others = table.table.metrics
    choices, marks = choice_columns(table), evidence_cells(table)
    evidence = [(HEADING, marks)] if marks else []
    columns = [*_row_columns(table), *_metric_columns(table, first), *evidence, *choices, *_published_columns(table)]
    for metric in others:
        columns += [*_metric_columns(table, metric), *_also_published_columns(table, metric)]
    return TextTable(
        title=f"{table.table.key}: {table.table.title}",
        headings=tuple(heading for heading, _ in columns),
        rows=tuple(zip(*(cells for _, cells in columns), strict=True)),
        left=2,
        notes=(*(note for row in table.rows for run in row.runs for note in health_notes(row, run)), *([NOTE] if marks else [])),
        legend=LEGEND.format(f"{first[1]} and min are") if choices else "",
    )


def _row_columns(table: TableSummary) -> list[Column]:
    return [
        ("", [row.address for row in table.rows]),
        ("row", [row.row.title for row in table.rows]),
        ("n", [count_cell(row) for row in table.rows]),
    ]


def _metric_columns(table: TableSummary, metric: tuple[str, str]) -> list[Column]:
    name, heading = metric
    spreads = [row.spread(name) for row in table.rows]
    unmeasured = [(progress(row) if metric == table.table.metrics[0] else "") or ABSENT for row in table.rows]
    means = [spread_text(spread) if spread else missing for spread, missing in zip(spreads, unmeasured, strict=True)]
    return [(heading, means), ("min", [f"{spread.minimum:.1f}" if spread else "" for spread in spreads])]


def choice_columns(table: TableSummary) -> list[Column]:
    """The first metric at the choice without labels, and at its best; None where no finished run was evaluated on its way."""
    name = table.table.metrics[0][0]
    best = [row.spread_of_best(name) for row in table.rows]
    if not any(best):
        return []
    chosen = [choice_cell(row, name) for row in table.rows]
    return [(CHOSEN, chosen), (BEST, [spread_text(spread) if spread else ABSENT for spread in best])]


def choice_cell(row: RowSummary, metric: str) -> str:
    """As the metric itself, with the number of seeds where not all that are finished have a choice."""
    spread = row.spread_at_choice(metric)
    if spread is None:
        return ABSENT
    return spread_text(spread) + ("" if spread.count == len(row.finished) else f" (n={spread.count})")


def _published_columns(table: TableSummary) -> list[Column]:
    """None where nothing was published; no difference where nothing can be compared, as on the demo domains."""
    if not any(row.row.published for row in table.rows):
        return []
    columns = [("published", [str(row.row.published or ABSENT) for row in table.rows])]
    if any(row.comparable for row in table.rows):
        columns.append(("difference", [difference_cell(row.difference(table.table.metrics[0][0])) for row in table.rows]))
    elif any(row.demo for row in table.rows):
        columns = [("published, full training", columns[0][1])]
    return columns


def _also_published_columns(table: TableSummary, metric: tuple[str, str]) -> list[Column]:
    """Of a metric that is not the first."""
    numbers = [row.row.also_published.get(metric[0]) for row in table.rows]
    if not any(numbers):
        return []
    heading = "published, full training" if any(row.demo for row in table.rows) else "published"
    return [(heading, [ABSENT if number is None else str(number) for number in numbers])]


def class_table(table: TableSummary) -> TextTable:
    """IoU of every class, mean over the finished seeds: one line for each class, one column for each row of the study.

    Beside a row whose classes were published, these.
    """
    columns = [column for row in table.rows if row.finished for column in _class_columns(row, table.classes)]
    return TextTable(
        title=f"{table.table.key}: IoU per class, mean over the seeds",
        headings=("class", *(heading for heading, _ in columns)),
        rows=tuple(zip((*table.classes, "mean"), *(cells for _, cells in columns), strict=True)),
        left=1,
    )


def _class_columns(row: RowSummary, classes: Sequence[str]) -> list[Column]:
    """The measured classes of a row, and the published ones where there are any; the last cell is the mean."""
    names, known = [f"{CLASS}{name}" for name in classes], row.row.also_published
    measured = [mean_cell(row.values(name)) for name in (*names, "mIoU")]
    if not any(name in known for name in names):
        return [(row.address, measured)]
    published = [str(known.get(name, ABSENT)) for name in names] + [str(row.row.published.mean if row.row.published else ABSENT)]
    return [(row.address, measured), (f"published{', full training' if row.demo else ''} {row.address}", published)]


def count_cell(row: RowSummary) -> str:
    """'3', or '1 of 3' where seeds are missing."""
    finished, asked = len(row.finished), len(row.runs)
    return str(finished) if finished == asked else f"{finished} of {asked}"


def progress(row: RowSummary) -> str:
    """How far a row without any result is; empty for others."""
    if row.finished:
        return ""
    going = [run for run in row.runs if run.state in ("running", "interrupted")]
    if not going:
        return "not run"
    best = max(going, key=lambda run: (run.state == "running", run.iteration or 0))
    return best.state if best.iteration is None else f"{best.state}: iteration {best.iteration:,}"


def spread_text(spread: Spread) -> str:
    """'73.8 ± 0.3', or '73.8' for one seed."""
    return f"{spread.mean:.1f}" + ("" if spread.deviation is None else f" ± {spread.deviation:.1f}")


def mean_cell(values: Sequence[float]) -> str:
    spread = Spread.of(values)
    return ABSENT if spread is None else f"{spread.mean:.1f}"


def difference_cell(difference: float | None) -> str:
    """With its sign; zero is '+0.0'."""
    return ABSENT if difference is None else f"{round(difference, 1) + 0.0:+.1f}"


def health_notes(row: RowSummary, run: RunSummary) -> list[str]:
    """Sentences on the classes that a run has lost, went back for, or has never learned."""
    deaths = run.deaths
    lost = [f"{death.name} died (best {death.best_iou:.1f} at {death.best_iteration:,})" for death in deaths if death.collapsed]
    never = [death.name for death in deaths if not death.collapsed]
    back = [f"went back to {entry['back_to']:,} for {', '.join(entry['lost'])}, seen on the validation data" for entry in run.returns]
    parts = [*lost, *back, *([f"never learned: {', '.join(never)}"] if never else [])]
    return [f"{row.label}, seed {run.seed}: {'; '.join(parts)}"] if parts else []


def print_tables(tables: Sequence[TextTable]) -> None:
    """Prints tables as wide as the terminal, or as wide as they need where the output goes into a file."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDE)
    for table in tables:
        console.print(Text(table.title, style="bold"))  # as the table's own title it would be broken to its width
        console.print(rich_table(table))
        for note in (*filter(None, [table.legend]), *table.notes):
            console.print(Text(f"  {note}"))
        console.print()


def rich_table(table: TextTable) -> rich.table.Table:
    """The cells for the terminal; none is taken for markup."""
    shown = rich.table.Table()
    for column, heading in enumerate(table.headings):
        text = column < table.left
        shown.add_column(Text(heading), justify="left" if text else "right", no_wrap=column != table.left - 1)
    for row in table.rows:
        shown.add_row(*map(Text, row))
    return shown


def markdown(table: TextTable) -> str:
    """A Markdown table with columns of equal width, its title as heading and its notes as list."""
    cells = [[markdown_text(cell) for cell in row] for row in (table.headings, *table.rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(table.headings))]
    left = [column < table.left for column in range(len(widths))]
    lines = ["| " + " | ".join(map(_aligned, row, widths, left)) + " |" for row in cells]
    rule = ["-" * width if text else "-" * (width - 1) + ":" for width, text in zip(widths, left, strict=True)]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    notes = [f"- {markdown_text(note)}" for note in (*filter(None, [table.legend]), *table.notes)]
    return "\n".join([f"## {markdown_text(table.title)}", "", *lines, *([""] if notes else []), *notes]) + "\n"


def _aligned(cell: str, width: int, text: bool) -> str:
    return cell.ljust(width) if text else cell.rjust(width)


def markdown_text(text: str) -> str:
    """Text whose characters mean nothing to Markdown."""
    return re.sub(r"([\\|*`<\[\]])", r"\\\1", text)
