"""A row that is a chain: its stages, one after the other, each of which takes what earlier ones made.

A stage is a run like any other: a training, or a command of ``tools/``, such as one that makes pseudo-labels or evaluates an earlier
checkpoint in another way. The last stage is the one whose numbers are those of the row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mmseg.config.references import OF_TRAININGS, parts, references
from mmseg.experiments.fields import Experiment
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.repository import ROOT

NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """A row or a stage that has a config of its own.

    Attributes:
        path: relative to the repository.
    """

    path: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a stage runs instead of a training: ``python TOOL CONFIG [CHECKPOINT] [INPUT …] --out FOLDER/PRODUCT --OPTION VALUE …``.

    Attributes:
        tool: file of the command, relative to the repository. Its functions ``parse_args`` and ``check_args``, where it has them, look at
            the options before anything is trained.
        product: name of the file or folder that it makes in the folder of its run. ``metrics`` of a JSON file are the numbers of the stage.
        checkpoint: the second argument, where it takes one: a reference (``from_stage(…, "checkpoint")``) or a file.
        inputs: what follows it, such as files of configs.
        options: by name, with underscores; True stands for an option without a value. They may be references.
    """

    tool: str
    product: str
    checkpoint: str | None = None
    inputs: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not (ROOT / self.tool).is_file():
            raise UserError(f"A stage cannot run {self.tool}, which does not exist. Name a file of tools/, such as tools/test.py.")

    @property
    def entries(self) -> dict:
        """Its section of the config of the run."""
        given = {"inputs": list(self.inputs)} if self.inputs else {}  # digests of commands without any stay what they were
        return {"tool": self.tool, "product": self.product, "checkpoint": self.checkpoint, **given, "options": dict(self.options)}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One run of a chain.

    Attributes:
        name: unique in its row.
        setup: what is trained; for a command, the config that it gets.
        changes: entries of that config by dotted key, the values of which may be references.
        command: what runs in place of a training.
    """

    name: str
    setup: Experiment | ConfigFile
    changes: Mapping[str, object] = field(default_factory=dict, hash=False)
    command: Command | None = None

    @property
    def products(self) -> tuple[str, ...]:
        """What later stages can take, the main one first."""
        return tuple(OF_TRAININGS) if self.command is None else (self.command.product, "config")


def check_stages(stages: Sequence[Stage]) -> None:
    """Refuses a chain that has no stages, two of one name, or a reference to what no earlier one makes.

    Raises:
        UserError: names the stage.
    """
    if not stages:
        raise UserError("A row has no stage, so nothing would be trained. Give it at least one.")
    earlier: dict[str, Stage] = {}
    for stage in stages:
        if not NAME.fullmatch(stage.name) or stage.name in earlier:
            raise UserError(f"'{stage.name}' cannot be the name of a stage. Use letters and digits, another name for each stage of a row.")
        for reference in references([stage.changes, stage.command.entries if stage.command else None]):
            name, product = parts(reference)
            known = earlier[name].products if name in earlier else ()
            if product not in known:
                fix = suggestion(product, known) or suggestion(name, earlier) or f" Stages before it: {', '.join(earlier) or 'none'}."
                raise UserError(f"The stage '{stage.name}' takes '{product}' from '{name}', which does not make it.{fix}")
        earlier[stage.name] = stage
