"""Marks of the rows of a table: whether a row differs from the one above it, by seeds that both have (:mod:`mmseg.apis.comparing`)."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.apis.comparing.rows import image_counts_of
from mmseg.apis.comparing.statistics import Comparison, compare
from mmseg.apis.reporting.summary import RowSummary, RunSummary, TableSummary

HEADING = "to row above"
DIFFERS, NO_EVIDENCE = "*", "≈"
NOTE = f"{HEADING}: mean difference over the seeds of both; {DIFFERS} its 95 % interval excludes 0, {NO_EVIDENCE} no evidence"


def evidence_cells(table: TableSummary) -> list[str]:
    """One for each row, of the first metric: the difference to the nearest row above that shares two finished seeds, and its mark.

    Empty where there is none, and no cell at all where that holds for every row.

    Raises:
        UserError: counts of images are broken.
    """
    metric = table.table.metrics[0][0]
    cells = [_cell(table.rows[:place], row, metric) for place, row in enumerate(table.rows)]
    return cells if any(cells) else []


def _cell(above: Sequence[RowSummary], row: RowSummary, metric: str) -> str:
    for other in reversed(above):
        comparison = _compared(_by_seed(other, metric), _by_seed(row, metric), metric)
        if comparison is not None:
            return f"{comparison.difference:+.1f} {DIFFERS if comparison.evidence else NO_EVIDENCE}"
    return ""


def _by_seed(row: RowSummary, metric: str) -> dict[int, RunSummary]:
    return {run.seed: run for run in row.finished if run.value(metric) is not None}


def _compared(first: dict[int, RunSummary], second: dict[int, RunSummary], metric: str) -> Comparison | None:
    """None for fewer than two seeds in common. Counts of images are of mIoU alone."""
    seeds = sorted(first.keys() & second.keys())
    if len(seeds) < 2:
        return None
    values = [{seed: runs[seed].value(metric) for seed in seeds} for runs in (first, second)]
    pairs = None
    if metric == "mIoU":
        counted = [
            [image_counts_of(runs[seed].folder, given[seed]) for seed in seeds] for runs, given in zip((first, second), values, strict=True)
        ]
        known = [counts for of_row in counted for counts in of_row]
        if None not in known and all(counts.same_data(known[0]) for counts in known):
            pairs = list(zip(*counted, strict=True))
    return compare(*values, pairs)
