"""The measures of reliability as a table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.table import Table

from mmseg.evaluation.trust.measures import LOWER_IS_BETTER
from mmseg.evaluation.trust.record import ALL


def trust_table(scores: Mapping[str, Mapping[str, float]]) -> Table:
    """One row per measure, one column for all images and for each condition.

    Args:
        scores: :func:`~mmseg.evaluation.trust.measures.trust_scores` by condition, percent; a measure that is undefined everywhere has
            no row.
    """
    table = Table("measure", "better")
    for name in scores:
        table.add_column("all" if name == ALL else name, justify="right")
    for measure in scores[ALL]:
        values = [part[measure] for part in scores.values()]
        if not all(map(math.isnan, values)):
            cells = ("undefined" if math.isnan(value) else f"{value:.2f}" for value in values)
            table.add_row(measure, "lower" if measure in LOWER_IS_BETTER else "higher", *cells)
    return table
