"""Names in the metrics of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping


def class_names(metrics: Mapping[str, float | None]) -> list[str]:
    """The classes that metrics were measured for: ``<class>`` of ``IoU.<class>``, not ``<grouping>.<category>`` of a grouping."""
    names = [key.removeprefix("IoU.") for key in metrics if key.startswith("IoU.")]
    return [name for name in names if "." not in name or f"mIoU.{name.split('.')[0]}" not in metrics]
