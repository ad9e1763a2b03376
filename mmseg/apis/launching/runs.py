"""One training, or another stage of a chain, in its folder: found by the digest of its config, whatever table or command asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from mmengine.config import Config

from mmseg.config.config import load_config
from mmseg.config.identity import digest, run_name
from mmseg.config.references import used_digests
from mmseg.evaluation.curve import Measured, Result, mean_text, read_curve, read_result
from mmseg.utils.errors import UserError
from mmseg.utils.storage.locks import is_locked
from mmseg.utils.storage.run_folder import CONFIG, LATEST, RESULT, WORK_DIRS, has_state

State = Literal["finished", "running", "interrupted", "open"]


@dataclass(frozen=True)
class Run:
    """One training, or one command that works for others: a complete config and its folder.

    Attributes:
        cfg: complete config; with an entry ``command``, that runs in place of a training.
        folder: where it trains.
        name: of a stage of a chain.
        before: the earlier stages of that chain by their names, in their order.
    """

    cfg: Config
    folder: Path
    name: str = ""
    before: Mapping[str, Run] = field(default_factory=dict)

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
    def stages(self) -> dict[str, Run]:
        """All stages of its chain by their names, in their order; itself of a run that is no chain."""
        return {**self.before, self.name: self}

    @property
    def inputs(self) -> list[str]:
        """Digests of the runs whose products it takes."""
        return used_digests(self.cfg)

    def chain(self, names: Sequence[str] = ()) -> list[Run]:
        """The runs of its chain in their order.

        Args:
            names: of the stages that are wanted, which come with those that they take something from; all if it is empty.
        """
        wanted = {self.stages[name].digest for name in names}
        chain = []
        for run in reversed(self.stages.values()):
            if not names or run.digest in wanted:
                wanted |= set(run.inputs)
                chain.append(run)
        return chain[::-1]

    @property
    def command(self) -> Mapping | None:
        """What runs in place of a training, see :class:`mmseg.experiments.Command`."""
        return self.cfg.get("command") if self.cfg else None

    @property
    def product(self) -> Path:
        """What others take from it: the last state of a training, or what its command makes."""
        return self.folder / (self.command["product"] if self.command else LATEST)

    @property
    def finished(self) -> bool:
        """A command whose product is gone is not: it makes it anew. Of a training, the result is what counts."""
        return (self.folder / RESULT).is_file() and (not self.command or self.product.exists())

    @property
    def started(self) -> bool:
        """Whether there is something to go on with."""
        return self.product.exists() if self.command else has_state(self.folder)

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
    def outcome(self) -> str:
        """What a finished run has brought, in a few words."""
        result = self.result
        return mean_text(result) if result["metrics"] or not self.command else self.command["product"]

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


def distinct(runs: Iterable[Run]) -> list[Run]:
    """Each training once, in the order of its first appearance."""
    return list({run.digest: run for run in runs}.values())
