"""Tables on the console: the studies, and the rows of one with how far they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mmseg.apis.launching.runs import Run, State
from mmseg.apis.reporting.summary import RowSummary, Spread, TableSummary, collect
from mmseg.apis.reporting.tables import ABSENT, BEST, CHOSEN, LEGEND, TextTable, choice_cell, print_tables, spread_text
from mmseg.experiments import Study


def list_studies(studies: Mapping[int, Study]) -> None:
    """Prints the ids with what they reproduce; a row that several tables of a study show, and a stage of several rows, is trained once."""
    trainings = {number: len(setups(study)) * len(study.seeds) for number, study in studies.items()}
    rows = [(str(number), study.source, study.title, str(len(study.rows)), str(trainings[number])) for number, study in studies.items()]
    print_tables([TextTable(title="Studies", headings=("id", "of", "study", "rows", "trainings"), rows=tuple(rows), left=3)])


def setups(study: Study) -> set:
    """What the rows of a study train; chains that begin alike share their first stages."""
    chains = [row.setup if isinstance(row.setup, tuple) else (row.setup,) for row in study.rows.values()]
    return {chain[: place + 1] for chain in chains for place in range(len(chain))}


def list_rows(study: Study, runs: Mapping[str, Sequence[Run]]) -> None:
    """Prints the rows of a study: their digest (of the first seed), how far they are, and published and measured mIoU.

    Below a chain stand its stages, with what each makes.

    Args:
        study: one of ``experiments.py``.
        runs: by the address of the row.
    """
    print_tables([listing(table) for table in collect(study, runs).tables])


def listing(table: TableSummary) -> TextTable:
    """The rows of one table, and their stages."""
    metric, heading = table.table.metrics[0]
    return TextTable(
        title=table.table.title,
        headings=("row", "digest", "state", "shared with", "", "published", heading, CHOSEN, BEST),
        rows=tuple(line for row in table.rows for line in (_cells(row, metric), *_stage_cells(row, metric))),
        left=5,
        legend=LEGEND.format(f"Numbers in the column {heading} are") if table.measured else "",
    )


def _cells(row: RowSummary, metric: str) -> tuple[str, ...]:
    shared = "" if row.row.shared_with is None else str(row.row.shared_with)
    state = state_text([run.state for run in row.runs])
    measured, best = row.spread(metric), row.spread_of_best(metric)
    return (
        row.address,
        row.runs[0].digest,
        state,
        shared,
        row.row.title,
        str(row.row.published or ""),
        spread_text(measured) if measured else "",
        choice_cell(row, metric) if row.finished else "",
        (spread_text(best) if best else ABSENT) if row.finished else "",
    )


def _stage_cells(row: RowSummary, metric: str) -> Iterator[tuple[str, ...]]:
    """A line for each stage of a chain: its state over the seeds, and its product."""
    for name in row.row.stages:
        runs = [run.stages[name] for run in row.runs]
        state = state_text([run.state for run in runs])
        measured = Spread.of([value for run in runs if (value := run.value(metric)) is not None])
        yield (f"  @{name}", runs[0].digest, state, "", f"  makes {runs[0].product}", "", spread_text(measured) if measured else "", "", "")


def state_text(states: Sequence[State]) -> str:
    """How far the seeds of a row are, such as ``2/3 finished, 1 running``."""
    found = Counter(states)
    counts = [(found[state], state) for state in ("finished", "running", "interrupted") if found[state]]
    if not counts:
        return "open"
    (first, state), *others = counts
    return ", ".join([f"{first}/{len(states)} {state}", *(f"{count} {state}" for count, state in others)])
