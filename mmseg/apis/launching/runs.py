"""One training in its folder: found by the digest of its config, whatever table or command asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from mmengine.config import Config

from mmseg.config.config import checked_seed, digest, load_config, run_name
from mmseg.evaluation.curve import Measured, Result, read_curve, read_result
from mmseg.experiments import ConfigFile, Row, Study, resolve, run_stem
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT
from mmseg.utils.storage.locks import is_locked
from mmseg.utils.storage.run_folder import CONFIG, LATEST, RESULT, WORK_DIRS

State = Literal["finished", "running", "interrupted", "open"]


@dataclass(frozen=True)
class Run:
    """One training: a complete config and its folder.

    Attributes:
        cfg: complete config.
        folder: where it trains.
    """

    cfg: Config
    folder: Path

    @classmethod
    def of(cls, stem: str, cfg: Config) -> Run:
        """The run of a config: in the folder that its digest already has, or in a new one called ``stem``.

        Raises:
            UserError: the folder with this digest holds another config.
        """
        root, name = Path(cfg.get("work_dir") or WORK_DIRS), run_name(stem, cfg)
        suffix = name.removeprefix(stem)
        folder = next((path for path in sorted(root.glob(f"*{suffix}")) if path.is_dir()), root / name)
        run = cls(cfg, folder)
        run.check_config()
        return run

    @cached_property
    def digest(self) -> str:
        return digest(self.cfg)

    @property
    def finished(self) -> bool:
        return (self.folder / RESULT).is_file()

    @property
    def started(self) -> bool:
        """Whether there is a state to resume."""
        return (self.folder / LATEST).is_file()

    @property
    def state(self) -> State:
        """Where the training stands; 'running' in whatever process."""
        if self.finished:
            return "finished"
        if is_locked(self.folder):
            return "running"
        return "interrupted" if self.started else "open"

    @property
    def result(self) -> Result:
        """The content of ``result.json``."""
        return read_result(self.folder)

    @property
    def curve(self) -> list[Measured]:
        """The evaluations so far, oldest first."""
        return read_curve(self.folder)

    def check_config(self) -> None:
        """Refuses a folder whose config was changed after it got its name."""
        file = self.folder / CONFIG
        if file.is_file() and digest(load_config(file)) != self.digest:
            fix = "Restore the file, or, where the training went on with another config, move the folder away to train that of its name."
            raise UserError(f"{file} differs from the config that gave the folder its digest {self.digest}. {fix}")


def row_config(row: Row, seed: int, options: dict | None = None) -> tuple[str, Config]:
    """Name without seed, and complete config, of a row."""
    checked_seed(seed)
    if isinstance(row.setup, ConfigFile):
        return Path(row.setup.path).stem, load_config(ROOT / row.setup.path, options or {}, seed)
    return run_stem(row.setup), resolve(row.setup, seed, options)


def study_runs(
    study: Study, *, only: Sequence[str] = (), seeds: Sequence[int] = (), demo: bool = False, options: dict | None = None
) -> dict[str, list[Run]]:
    """The runs of a study by the address of their row, one per seed.

    Args:
        study: of ``experiments.py``.
        only: addresses of rows or keys of tables; all if empty.
        seeds: instead of the study's own.
        demo: shrunken to the demo domains, see :func:`mmseg.config.small.shrink.demo`.
        options: overrides by dotted key.
    """
    runs: dict[str, list[Run]] = {}
    known: dict[str, Run] = {}  # rows of one digest are one run, whatever their names
    for address, row in study.select(only).items():
        for seed in seeds or study.seeds:
            stem, cfg = row_config(row, seed, options)
            if demo and "demo_data" not in cfg:
                stem, cfg = f"demo_{stem}", on_demo_domains(cfg, options or ())
            run = Run.of(stem, cfg)
            runs.setdefault(address, []).append(known.setdefault(run.digest, run))
    return runs


def on_demo_domains(cfg: Config, options: Iterable[str]) -> Config:
    """See :func:`mmseg.config.small.shrink.demo`, which asks networks and methods for their options and so needs torch.

    Args:
        options: keys of the command line that the config has taken.

    Raises:
        UserError: one of them is of a section that is the demo's, and would be lost without a word.
    """
    from mmseg.config.small.shrink import OF_THE_DEMO, demo

    for key in options:
        if key.split(".")[0] in OF_THE_DEMO:
            fix = "Leave it out, or give it with --config to a config that --demo --dry-run writes"
            raise UserError(f"--cfg-options {key}: --demo trains with the {key.split('.')[0]} of the demo configs. {fix}.")
    return demo(cfg)


def distinct(runs: Iterable[Run]) -> list[Run]:
    """Each training once, in the order of its first appearance."""
    return list({run.digest: run for run in runs}.values())
