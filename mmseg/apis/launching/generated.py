"""The configs of a study as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmseg.apis.launching.runs import Run, distinct
from mmseg.utils.config_text import write_config

GENERATED = Path("configs/generated")


def write_configs(number: int, runs: Mapping[str, Sequence[Run]]) -> None:
    """Writes the complete config of each training of study ``number`` to ``configs/generated/<number>``, and says which row is which.

    Args:
        number: of the study.
        runs: by the address of the row; rows that are one training are one file.
    """
    folder = GENERATED / str(number)
    every = distinct([run for group in runs.values() for run in group])
    for run in every:
        write_config(folder / f"{run.folder.name}.py", run.cfg)
    for address, group in runs.items():
        for run in group:
            print(f"{address:<14} seed {run.cfg.seed}  {folder / run.folder.name}.py")
    print(f"{len(every)} configs written to {folder}; nothing was trained.")
