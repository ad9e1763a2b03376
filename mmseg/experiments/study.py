"""Studies: the tables of the papers, their rows and published numbers, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mmseg.experiments.fields import Experiment
from mmseg.experiments.stages import ConfigFile, Stage, check_stages
from mmseg.utils.errors import UserError, suggestion


@dataclass(frozen=True, kw_only=True)
class Published:
    """A number of a paper.

    Attributes:
        mean: percent.
        deviation: standard deviation over its seeds, where given.
        note: what keeps it from being compared directly, such as 'test split'.
    """

    mean: float
    deviation: float | None = None
    note: str = ""

    def __str__(self) -> str:
        spread = "" if self.deviation is None else f" ± {self.deviation}"
        return f"{self.mean}{spread}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table.

    Attributes:
        title: what the table prints.
        setup: what is trained; of a chain, its stages in their order.
        published: the paper's number, where known: of the first metric of the table.
        also_published: its numbers of other metrics, by their names; ``IoU.CLASS`` of single classes, which the table of classes shows.
        shared_with: id of the study that lists this run as its own; None for the study's own rows.
        places: where the row lies in the chart of the table: by the name of a line, its place on the axis, 0 or more.
    """

    title: str
    setup: Experiment | ConfigFile | tuple[Stage, ...]
    published: Published | None = None
    also_published: Mapping[str, float] = field(default_factory=dict)
    shared_with: int | None = None
    places: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.setup, tuple):
            check_stages(self.setup)

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of its stages; none of a row that is one training."""
        return tuple(stage.name for stage in self.setup) if isinstance(self.setup, tuple) else ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table or figure of a paper.

    Attributes:
        key: unique in its study; rows are addressed as ``key.number``, counted from 1.
        title: what it shows.
        rows: in the order of the paper.
        metrics: columns, as (name in the results, heading); percent. ``mIoU@NAME`` is of an evaluation on several targets
            (:mod:`mmseg.evaluation.target_record`), ``STAGE:mIoU`` of an earlier stage of the row.
        axis: what was varied, the horizontal axis of a chart of the first metric; empty for no chart.
    """

    key: str
    title: str
    rows: tuple[Row, ...]
    metrics: tuple[tuple[str, str], ...] = (("mIoU", "mIoU"),)
    axis: str = ""

    def numbered(self) -> dict[str, Row]:
        """The rows by their address."""
        return {f"{self.key}.{number}": row for number, row in enumerate(self.rows, start=1)}


@dataclass(frozen=True, kw_only=True)
class Study:
    """What one id of ``--exp`` trains.

    Attributes:
        title: what it shows.
        source: the paper and its tables.
        tables: at least one.
        seeds: of every row.
    """

    title: str
    source: str
    tables: tuple[Table, ...]
    seeds: tuple[int, ...] = (0, 1, 2)

    @property
    def rows(self) -> dict[str, Row]:
        """All rows by their address."""
        return {address: row for table in self.tables for address, row in table.numbered().items()}

    def select(self, only: Sequence[str]) -> dict[str, Row]:
        """The rows that ``--only`` names; all if it is empty, see :meth:`select_stages`."""
        return {address: self.rows[address] for address in self.select_stages(only)}

    def select_stages(self, only: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """What ``--only`` names: by the address of a row the names of its stages, or none for the whole row.

        Args:
            only: addresses, or keys of whole tables, each with ``@STAGE`` for one stage alone; all rows if it is empty.

        Raises:
            UserError: names nothing of this study.
        """
        groups = {table.key: table.numbered() for table in self.tables} | {address: {address: row} for address, row in self.rows.items()}
        chosen: dict[str, list[str]] = {address: [] for address in ({} if only else self.rows)}
        for name in only:
            group, _, stage = name.partition("@")
            if group not in groups:
                raise UserError(f"--only {name}: no such row or table.{suggestion(group, groups) or ' Known: ' + ', '.join(groups) + '.'}")
            having = [address for address, row in groups[group].items() if not stage or stage in row.stages]
            if not having:
                known = list(dict.fromkeys(known for row in groups[group].values() for known in row.stages))
                fix = suggestion(stage, known) or (
                    f" Its stages: {', '.join(known)}." if known else f" It is one training: --only {group}."
                )
                raise UserError(f"--only {name}: there is no such stage.{fix}")
            for address in having:
                chosen.setdefault(address, []).append(stage)
        return {address: () if "" in chosen[address] else tuple(chosen[address]) for address in self.rows if address in chosen}


def known_study(studies: Mapping[int, Study], given: int | str, option: str) -> Study:
    """The study of an id.

    Args:
        studies: by id.
        given: on the command line.
        option: what it is called there.

    Raises:
        UserError: there is none; names the nearest number.
    """
    text = str(given)
    if text.isdecimal() and int(text) in studies:
        return studies[int(text)]
    known = ", ".join(map(str, studies))
    near = min(studies, key=lambda number: abs(number - int(text))) if text.isdecimal() else None
    fix = f" Did you mean {near} ({studies[near].title})?" if near is not None else ""
    raise UserError(f"{option} {text}: there is no such study. Known: {known}.{fix}")
