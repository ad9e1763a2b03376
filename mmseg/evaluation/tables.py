"""Scores as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import rich
from rich.table import Table
from rich.text import Text

from mmseg.evaluation.names import class_names

Metrics = Mapping[str, float | None]
"""What :class:`mmseg.evaluation.IoUMetric` returns, percent; NaN or, from a JSON file, None for an absent class."""


def print_titled(title: str, table: Table) -> None:
    """Prints a table below a title, which as the table's own would be broken to its width."""
    console = rich.get_console()
    console.print(Text(title, style="italic"), soft_wrap=True)
    console.print(table)


def per_class_table(results: Metrics, conditions: Mapping[str, Metrics] | None = None) -> Table:
    """A table of IoU and accuracy per class with the means below, for :func:`print_titled`.

    Args:
        results: of all images; what a metric of one's own does not measure has no cell.
        conditions: results of the images of each weather condition; one column of IoU each.
    """
    conditions = conditions or {}
    table = Table("class")
    for heading in ("IoU", *(f"IoU {name}" for name in conditions), "accuracy"):
        table.add_column(heading, justify="right")

    def add(label: str, iou: str, accuracy: str | None = None, style: str | None = None) -> None:
        cells = [_percent(metrics.get(iou)) for metrics in (results, *conditions.values())]
        table.add_row(label, *cells, _percent(results[accuracy]) if accuracy in results else "", style=style)

    for name in class_names(results):
        add(_class_label(name, results), f"IoU.{name}", f"Acc.{name}")
    table.add_section()
    for key in _means(results, conditions):
        name = key.removeprefix("mIoU.")
        for category in (other for other in results if other.startswith(f"IoU.{name}.")):
            add(category.removeprefix("IoU.").replace(".", ": ", 1), category)
        add(f"mean of {name}", key)
    add("mean", "mIoU", "mAcc", style="bold")
    if "aAcc" in results:
        table.add_row("all pixels", *[""] * (1 + len(conditions)), _percent(results["aAcc"]))
    return table


def targets_table(targets: Mapping[str, Metrics], mean: Metrics) -> Table:
    """One row of means for each of several evaluated data sets, and one for the mean over them.

    Args:
        targets: results by data set.
        mean: of every metric that all of them have.
    """
    keys = ["mIoU", *(key for key in mean if key.startswith("mIoU."))]
    table = Table("target")
    for key in keys:
        table.add_column(key, justify="right")
    for name, metrics in targets.items():
        table.add_row(name, *(_percent(metrics[key]) for key in keys))
    table.add_section()
    table.add_row("mean", *(_percent(mean[key]) for key in keys), style="bold")
    return table


def _means(results: Metrics, conditions: Mapping[str, Metrics]) -> list[str]:
    """The keys of means that get a row of their own: those of conditions have a column where there are columns."""
    return [key for key in results if key.startswith("mIoU.") and key.removeprefix("mIoU.") not in conditions]


def _class_label(name: str, results: Metrics) -> str:
    """The class; its IoU of 0 comes of predictions alone where the labels have no pixel of it."""
    accuracy, iou = results.get(f"Acc.{name}", 0.0), results.get(f"IoU.{name}")
    only_predicted = _percent(accuracy) == "absent" != _percent(iou)
    return f"{name} (no label pixel)" if only_predicted else name


def _percent(value: float | None) -> str:
    return "absent" if value is None or np.isnan(value) else f"{value:.2f}"
