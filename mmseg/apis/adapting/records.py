"""What an adaptation leaves behind: its numbers, ready for JSON, and as a table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from mmseg.apis.adapting.conditions import Condition
from mmseg.apis.adapting.protocol import Outcome
from mmseg.apis.evaluating.records import without_nan

MEANS = ("mIoU", "mAcc", "aAcc")


def adaptation_record(outcome: Outcome, conditions: Sequence[Condition]) -> dict:
    """The numbers of a stream, ready for JSON.

    Returns:
        ``metrics``: ``mIoU``, the mean over conditions and rounds, ``mIoU.<condition>``, the mean over rounds, ``frames_per_second``, and
        where it was asked for, ``forgetting``, ``mIoU.before`` and ``mIoU.after``; percent, null where nothing is labelled.
        ``rounds``: a list of ``mIoU``, ``mAcc``, ``aAcc`` and IoU of the classes by condition. ``conditions``: number of images by name.
        ``forgetting``: the name of its data, and all numbers before and after.
    """
    metrics: dict[str, float | None] = {"mIoU": mean(_score(scores) for row in outcome.rounds for scores in row.values())}
    for condition in conditions:
        metrics[f"mIoU.{condition.name}"] = mean(_score(row[condition.name]) for row in outcome.rounds)
    metrics["frames_per_second"] = outcome.images / outcome.seconds if outcome.seconds else None
    record = {
        "metrics": metrics,
        "conditions": {condition.name: len(condition.indices) for condition in conditions},
        "rounds": [{name: None if scores is None else without_nan(scores) for name, scores in row.items()} for row in outcome.rounds],
    }
    known = outcome.forgetting
    if known is not None:
        before, after = _score(known.before), _score(known.after)
        lost = None if None in (before, after) else before - after
        metrics |= {"forgetting": lost, "mIoU.before": before, "mIoU.after": after}
        record["forgetting"] = {"data": known.name, "before": without_nan(known.before), "after": without_nan(known.after)}
    return record


def _score(scores: Mapping[str, float] | None) -> float | None:
    value = math.nan if scores is None else scores.get("mIoU", math.nan)
    return None if math.isnan(value) else value


def mean(values: Iterable[float | None]) -> float | None:
    """Of the numbers that are known; None without any."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def adaptation_table(record: Mapping) -> Table:
    """One row per round, one column per condition: mIoU in percent; the means at the right and below."""
    names = list(record["conditions"])
    table = Table("round")
    for heading in (*names, "mean"):
        table.add_column(heading, justify="right")
    for number, row in enumerate(record["rounds"], start=1):
        values = [_score_of(row[name]) for name in names]
        table.add_row(str(number), *map(_cell, values), _cell(mean(values)))
    table.add_section()
    metrics = record["metrics"]
    table.add_row("mean", *(_cell(metrics[f"mIoU.{name}"]) for name in names), _cell(metrics["mIoU"]), style="bold")
    return table


def _score_of(scores: Mapping[str, float | None] | None) -> float | None:
    return None if scores is None else scores.get("mIoU")


def _cell(value: float | None) -> str:
    return "no labels" if value is None else f"{value:.2f}"


def summary_lines(record: Mapping) -> list[str]:
    """Forgetting and speed in words."""
    metrics, lines = record["metrics"], []
    if "forgetting" in record:
        before, after, lost = (metrics[key] for key in ("mIoU.before", "mIoU.after", "forgetting"))
        shown = "nothing to compare" if lost is None else f"mIoU {before:.2f} before, {after:.2f} after, {lost:+.2f} forgotten"
        lines.append(f"Forgetting on {record['forgetting']['data']}: {shown}")
    images = sum(record["conditions"].values()) * len(record["rounds"])
    lines.append(f"Speed: {metrics['frames_per_second']:.2f} images a second, prediction and adaptation of {images}, without reading files")
    return lines
