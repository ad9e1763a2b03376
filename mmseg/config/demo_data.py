"""The folder of the demo domains, which ``demo_data`` of a config names, and the data sets in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config


def move_demo_data(cfg: Config, before: str) -> None:
    """Has every data set below the folder ``before`` read from the folder ``cfg.demo_data`` instead, in place."""
    for dataset in _with_root([cfg[key] for key in cfg]):
        root = Path(str(dataset["data_root"]))
        if root.is_relative_to(before):
            dataset["data_root"] = str(Path(cfg.demo_data) / root.relative_to(before))


def _with_root(part: Any) -> Iterator[dict]:
    """All parts of a config that have a ``data_root``."""
    if isinstance(part, dict):
        if "data_root" in part:
            yield part
        part = list(part.values())
    if isinstance(part, (list, tuple)):
        for entry in part:
            yield from _with_root(entry)
