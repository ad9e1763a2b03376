"""What a config takes from an earlier stage of its row, as values that become paths when its stage starts.

A reference is the whole text of an entry, in one of two forms. In a study it names the stage: ``stage:source/checkpoint``. In the complete
config of a run it names the digest of that stage's run, ``run:0123abcd/checkpoint``, so that the digest of a run covers those of what it
uses. A path takes its place in memory alone: no file that is kept holds one, and folders of runs can be moved together.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.storage.run_folder import BEST, CONFIG, LATEST, RESULT

STAGE, RUN = "stage:", "run:"
"""What references begin with."""
OF_TRAININGS = {"checkpoint": LATEST, "best": BEST, "config": CONFIG}
"""Products of a training, and the files in its folder; those of commands are named like their files."""


def from_stage(stage: str, product: str) -> str:
    """What an earlier stage of the same row makes, as the value of an entry of a config.

    Args:
        stage: its name.
        product: 'checkpoint' (the last state of a training), 'best' or 'config'; of a command, the name of what it makes.
    """
    return f"{STAGE}{stage}/{product}"


def references(value: Any) -> Iterator[str]:
    """All references of a config or a part of it, in both forms."""
    if isinstance(value, Config):
        value = value.to_dict()
    if isinstance(value, str):
        yield from [value] if value.startswith((STAGE, RUN)) else []
    elif isinstance(value, (Mapping, list, tuple)):
        for entry in value.values() if isinstance(value, Mapping) else value:
            yield from references(entry)


def parts(reference: str) -> tuple[str, str]:
    """Stage or digest, and product, of a reference."""
    owner, _, product = reference.partition(":")[2].partition("/")
    return owner, product


def used_digests(cfg: Config) -> list[str]:
    """Digests of the runs that a complete config takes something from, in the order of its entries."""
    return list(dict.fromkeys(parts(reference)[0] for reference in references(cfg) if reference.startswith(RUN)))


def with_digests(cfg: Config, digests: Mapping[str, str]) -> Config:
    """The config with digests in place of names: of stages, or of runs, which then are others.

    Args:
        cfg: complete config.
        digests: by the name of the stage, or by the digest so far.

    Raises:
        UserError: it names a stage that is not among them.
    """

    def named(reference: str) -> str:
        owner, product = parts(reference)
        if owner not in digests:
            fix = suggestion(owner, digests) or f" Stages before it: {', '.join(digests) or 'none'}."
            raise UserError(f"{reference} is no product of an earlier stage of this row.{fix}")
        return f"{RUN}{digests[owner]}/{product}"

    return _replaced(cfg, named)


def with_paths(cfg: Config, runs: Path) -> Config:
    """The config with absolute paths in place of its references.

    Args:
        cfg: complete config.
        runs: folder of the folders of runs.

    Raises:
        UserError: a run that it takes something from is missing or not finished, or its product is gone.
    """
    return _replaced(cfg, lambda reference: str(product_path(reference, runs)))


def product_path(reference: str, runs: Path) -> Path:
    """The file or folder that a reference means, as an absolute path.

    Raises:
        UserError: see :func:`with_paths`.
    """
    owner, product = parts(reference)
    if reference.startswith(STAGE):
        fix = "Run it with run_experiments.py --exp ID --only ROW, or give a path in place of this entry"
        raise UserError(f"{reference} is known within a row of a study alone. {fix}.")
    folder = next((path for path in sorted(runs.glob(f"*_{owner}")) if path.is_dir()), None)
    if folder is None:
        fix = "Make it with run_experiments.py --exp ID --only ROW, or put the folder there"
        raise UserError(f"{reference}: no folder in {runs} ends with _{owner}, the digest of the run that is needed. {fix}.")
    again = shlex.join(["python", "run_experiments.py", "--config", str(folder / CONFIG), "--cfg-options", f"work_dir={runs}"])
    if not (folder / RESULT).is_file():
        raise UserError(f"{reference}: the run in {folder} is not finished. Finish it with: {again}")
    path = folder / OF_TRAININGS.get(product, product)
    if not path.exists() and product in OF_TRAININGS:
        raise UserError(f"{reference}: {path} is gone. Put it back, or move {folder} elsewhere and train that stage of the row again.")
    if not path.exists():
        raise UserError(f"{reference}: {path} is gone. Make it anew with: {again}")
    return path.absolute()


def _replaced(cfg: Config, change: Callable[[str], str]) -> Config:
    """The config itself where it has no reference."""
    return Config(_mapped(cfg.to_dict(), change)) if any(references(cfg)) else cfg


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value) if value.startswith((STAGE, RUN)) else value
    if isinstance(value, dict):
        return {key: _mapped(entry, change) for key, entry in value.items()}
    return type(value)(_mapped(entry, change) for entry in value) if isinstance(value, (list, tuple)) else value
