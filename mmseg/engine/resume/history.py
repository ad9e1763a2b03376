"""The stretches of a training that were made with one config each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mmengine.config import Config

from mmseg.engine.resume.state import ELSEWHERE
from mmseg.utils.errors import UserError, one_line
from mmseg.utils.options.config_text import read_config_text, write_config
from mmseg.utils.storage.files import write_text
from mmseg.utils.storage.run_folder import CONFIG


@dataclass(frozen=True)
class Stretch:
    """Iterations that are over, and the config that they were made with.

    Attributes:
        first, last: they are first + 1 to last, counted from 1 as in the log.
        config: its text, see :func:`mmseg.utils.options.config_text.config_text`.
        changed: what was another from ``last`` on, one line each.
    """

    first: int
    last: int
    config: str
    changed: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """Of its config in the run folder."""
        return f"{Path(CONFIG).stem}_{self.first}-{self.last}{Path(CONFIG).suffix}"


@dataclass(frozen=True)
class Resumption:
    """From where a training goes on, and how.

    Attributes:
        checkpoint: its state.
        history: the stretches before, oldest first.
        changed: the config has other options of optimizer, schedule or method than those of the state: they replace them.
        notes: lines for the log.
        warnings: lines for the log that should be noticed.
    """

    checkpoint: str = ""
    history: tuple[Stretch, ...] = ()
    changed: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def as_values(history: Sequence[Stretch]) -> list[dict]:
    """The history as a checkpoint keeps it."""
    return [{**asdict(stretch), "changed": list(stretch.changed)} for stretch in history]


def from_values(values: object, path: str | os.PathLike) -> tuple[Stretch, ...]:
    """The history in a checkpoint; parts of it become files and lines of a config, so that nothing else may pass.

    Raises:
        UserError: it is something else.
    """
    try:
        history = tuple(Stretch(**{**value, "changed": tuple(map(one_line, value["changed"]))}) for value in values)
        for stretch in history:
            if not (type(stretch.first) is type(stretch.last) is int and 0 <= stretch.first < stretch.last):
                raise ValueError(f"iterations {stretch.first!r} to {stretch.last!r}")
            read_config_text(stretch.config)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"Checkpoint {path}: meta.history is no history of a training. {ELSEWHERE}") from error
    return history


def write_configs(folder: Path, cfg: Config, history: Sequence[Stretch]) -> None:
    """Writes ``config.py``, which begins with what changed when, and beside it the config of each stretch before.

    Args:
        folder: of the run.
        cfg: the config from now on.
        history: the stretches before.
    """
    for stretch in history:
        write_text(folder / stretch.file_name, stretch.config)
    write_config(folder / CONFIG, cfg, "".join(map(_comment, history)))


def _comment(stretch: Stretch) -> str:
    lines = [f"Iterations {stretch.first + 1} to {stretch.last} were trained with {stretch.file_name}. What is other from then on:"]
    return "".join(f"# {line}\n" for line in [*lines, *(f"  {change}" for change in stretch.changed)])
