"""The configs of a study as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmseg.apis.launching.runs import Run, distinct
from mmseg.utils.config_text import write_config

GENERATED = Path("configs/generated")


def write_configs(number: int, runs: Sequence[Run]) -> None:
    """Writes the complete config of each training of study ``number`` to ``configs/generated/<number>``."""
    for run in distinct(runs):
        write_config(GENERATED / str(number) / f"{run.folder.name}.py", run.cfg)
    print(f"{len(distinct(runs))} configs written to {GENERATED / str(number)}; nothing was trained.")
