"""Configs as files, to be looked at before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmseg.apis.launching.runs import Run, distinct
from mmseg.utils.options.config_text import write_config
from mmseg.utils.storage.files import write_text

GENERATED = Path("configs/generated")
INDEX = "index.txt"
"""Says which file belongs to which row, and at its end what else was written beside them."""
ALSO = "also"
"""First word of the lines of modules of one's own."""


def write_configs(name: str, runs: Mapping[str, Sequence[Run]]) -> None:
    """Writes the complete config of each training to ``configs/generated/<name>``, and says which row is which.

    What an earlier call has written there, and lists in its index, is removed first; other files stay.

    Args:
        name: id of a study, or name of a config.
        runs: by the address of the row; those of a chain are all of its stages. Rows that are one training are one file.
    """
    folder = GENERATED / name
    remove_earlier(folder)
    every = distinct([run for group in runs.values() for run in group])
    written = [path for run in every for path in write_config(folder / f"{run.folder.name}.py", run.cfg)]
    configs = {f"{run.folder.name}.py" for run in every}
    rows = [(place_of(address, run), run.cfg.seed, f"{run.folder.name}.py") for address, group in runs.items() for run in group]
    modules = sorted({path.relative_to(folder).as_posix() for path in written} - configs)
    index = [*(f"{address:<14} seed {seed}  {file}" for address, seed, file in rows), *(f"{ALSO:<14} {file}" for file in modules)]
    write_text(folder / INDEX, "".join(f"{line}\n" for line in index))
    for address, seed, file in rows:
        print(f"{address:<14} seed {seed}  {folder / file}")
    print(f"{len(every)} config{'s' * (len(every) != 1)} written to {folder}, with {INDEX}; nothing was trained.")


def place_of(address: str, run: Run) -> str:
    """The address of a row, with the stage that a run of it is."""
    return f"{address}@{run.name}" if run.name else address


def remove_earlier(folder: Path) -> None:
    """Removes the Python files that the index of a folder names, and the index."""
    index = folder / INDEX
    if not index.is_file():
        return
    for line in index.read_text(errors="replace").splitlines():
        file = folder / line.rpartition(" ")[2]
        if file.suffix == ".py" and file.resolve().is_relative_to(folder.resolve()):
            file.unlink(missing_ok=True)
    index.unlink()
