"""What a study has measured so far, as values; tables, files and pages are made of these."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmengine.config import Config

from mmseg.apis.launching.runs import Run
from mmseg.datasets.classes.groups import class_groups
from mmseg.evaluation.choice import chosen_iteration
from mmseg.evaluation.class_health import ClassDeath, dead_classes
from mmseg.evaluation.curve import Measured
from mmseg.evaluation.names import class_names
from mmseg.evaluation.target_record import ON_TARGET, target_metrics
from mmseg.experiments import Row, Study, Table

SUBSET, CLASS = "mIoU.", "IoU."

Curve = tuple[tuple[int, float], ...]
"""(iteration, percent), oldest first."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A number over the seeds of a row.

    Attributes:
        mean, minimum: in the unit of the values.
        deviation: standard deviation with n - 1; None for one seed.
        count: n.
    """

    mean: float
    deviation: float | None
    minimum: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """None for no values."""
        if not values:
            return None
        deviation = statistics.stdev(values) if len(values) > 1 else None
        return cls(mean=statistics.fmean(values), deviation=deviation, minimum=min(values), count=len(values))


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What is known of one run.

    Attributes:
        seed, digest, folder, state: see :class:`mmseg.apis.launching.runs.Run`.
        max_iters: length of its training.
        demo: whether it trains on the demo domains.
        iteration: of the result, else of the last evaluation; None before the first one.
        metrics: of the result and of evaluations on several targets, percent, None for an absent class; empty unless it is finished.
        curve: entries of ``evaluations.json``, oldest first; the result alone where that file is missing.
        subsets: classes by the name of the subset that the metric of the config averages over.
        cfg: complete config of the training.
        product: name of what others take from it.
        returns: where its training went back for a lost class, see :class:`mmseg.engine.hooks.LostClassHook`.
        choice: iteration of the checkpoint that was chosen without labels; None without a choice among the checkpoints up to the result.
        stages: of a chain, all of them by their names, in their order; itself where it is one training.
    """

    seed: int
    digest: str
    folder: Path
    state: str
    max_iters: int
    demo: bool
    iteration: int | None
    metrics: Mapping[str, float | None]
    curve: tuple[Measured, ...]
    subsets: Mapping[str, Sequence[str]]
    cfg: Config
    product: str = ""
    returns: Sequence[Mapping] = ()
    choice: int | None = None
    stages: Mapping[str, RunSummary] = field(default_factory=dict)

    def value(self, metric: str) -> float | None:
        """A metric of the result, percent.

        A result that is older than a subset of the config gets its mean from the classes, absent ones left out
        as in :class:`mmseg.evaluation.IoUMetric`. ``mIoU@A+B`` is the mean over targets, ``STAGE:mIoU`` of an earlier stage. Nothing else
        is computed from anything else.
        """
        stage, _, name = metric.partition(":")
        if name and stage in self.stages:
            return self.stages[stage].value(name)
        if metric in self.metrics:
            return self.metrics[metric]
        if metric.startswith(ON_TARGET):
            means = [self.metrics.get(f"{ON_TARGET}{name}") for name in metric.removeprefix(ON_TARGET).split("+")]
            return None if None in means else statistics.fmean(means)
        members = [f"{CLASS}{name}" for name in self.subsets.get(metric.removeprefix(SUBSET), ())] if metric.startswith(SUBSET) else []
        if not all(member in self.metrics for member in members):
            return None
        present = [self.metrics[member] for member in members if self.metrics[member] is not None]
        return statistics.fmean(present) if present else None

    def points(self, metric: str) -> Curve:
        """A metric over the iterations, where it was measured."""
        found = ((entry["iteration"], entry["metrics"].get(metric)) for entry in self.curve)
        return tuple((iteration, value) for iteration, value in found if value is not None)

    def at_choice(self, metric: str) -> float | None:
        """A metric of the checkpoint that was chosen without labels; None without one, or where it was not evaluated."""
        return dict(self.points(metric)).get(self.choice)

    def best(self, metric: str) -> float | None:
        """The best value of a metric over all evaluations, which the labels of the validation data choose."""
        return max((value for _, value in self.points(metric)), default=None)

    def pseudo_shares(self, name: str) -> Curve:
        """Percent of the pseudo-label pixels that a class had before each evaluation; empty where none were counted."""
        found = ((entry["iteration"], entry.get("pseudo_share", {}).get(name)) for entry in self.curve)
        return tuple((iteration, value) for iteration, value in found if value is not None)

    @property
    def deaths(self) -> list[ClassDeath]:
        """The classes that are dead at the last evaluation."""
        if not self.curve:
            return []
        from mmseg.evaluation.metric_config import metric_config  # the data sets know what the source shows; they need torch

        return dead_classes(self.curve, self.max_iters, metric_config(self.cfg)["absent"])


@dataclass(frozen=True, kw_only=True)
class RowSummary:
    """A row of a table and its runs, one for each seed."""

    address: str
    row: Row
    runs: tuple[RunSummary, ...]

    @property
    def label(self) -> str:
        return f"{self.address} {self.row.title}"

    @property
    def finished(self) -> list[RunSummary]:
        return [run for run in self.runs if run.state == "finished"]

    @property
    def followed(self) -> list[RunSummary]:
        """The runs that curves are averaged over: the finished ones, else those that were evaluated at least once."""
        return self.finished or [run for run in self.runs if run.curve]

    @property
    def demo(self) -> bool:
        """Whether it trains on the demo domains."""
        return any(run.demo for run in self.runs)

    @property
    def comparable(self) -> bool:
        """Whether the published number is of the same training and the same evaluation."""
        return self.row.published is not None and not self.row.published.note and not self.demo

    def values(self, metric: str) -> list[float]:
        """A metric of each finished run that has it."""
        return [value for run in self.finished if (value := run.value(metric)) is not None]

    def spread(self, metric: str) -> Spread | None:
        return Spread.of(self.values(metric))

    def spread_at_choice(self, metric: str) -> Spread | None:
        """Of the finished runs that have a choice; see :meth:`RunSummary.at_choice`."""
        return Spread.of([value for run in self.finished if (value := run.at_choice(metric)) is not None])

    def spread_of_best(self, metric: str) -> Spread | None:
        """Of the finished runs; see :meth:`RunSummary.best`."""
        return Spread.of([value for run in self.finished if (value := run.best(metric)) is not None])

    def difference(self, metric: str) -> float | None:
        """Measured mean - published mean in percentage points; None where they cannot be compared."""
        spread = self.spread(metric)
        return spread.mean - self.row.published.mean if spread and self.comparable else None


@dataclass(frozen=True, kw_only=True)
class TableSummary:
    """A table and those of its rows that were asked for."""

    table: Table
    rows: tuple[RowSummary, ...]

    @property
    def measured(self) -> bool:
        """Whether any run is finished."""
        return any(row.finished for row in self.rows)

    @property
    def classes(self) -> list[str]:
        """Names of the classes that any run was evaluated on, in the order of its metrics."""
        names = (name for row in self.rows for run in row.runs for entry in run.curve for name in class_names(entry["metrics"]))
        return list(dict.fromkeys(names))

    @property
    def lines(self) -> dict[str, list[tuple[float, list[float]]]]:
        """The first metric over the axis of the table: by the name of a line, (place, values of the finished seeds) by rising place."""
        found: dict[str, list[tuple[float, list[float]]]] = {}
        for row in self.rows:
            values = row.values(self.table.metrics[0][0])
            for line, place in row.row.places.items() if values else ():
                found.setdefault(line, []).append((place, values))
        return {line: sorted(points) for line, points in found.items()}


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """A study and those of its tables that have a row that was asked for."""

    study: Study
    tables: tuple[TableSummary, ...]

    @property
    def origin(self) -> str:
        """The paper and its table, and whether these are not its data."""
        return self.study.source + (", on the demo domains" if any(run.demo for run in self.runs) else "")

    @property
    def runs(self) -> list[RunSummary]:
        """Each training once, whatever tables show it."""
        runs = [run for table in self.tables for row in table.rows for run in row.runs]
        return list({run.folder: run for run in runs}.values())


def collect(study: Study, runs: Mapping[str, Sequence[Run]]) -> StudySummary:
    """Reads the results and curves of a study.

    Args:
        study: of ``experiments.py``.
        runs: by the address of their row, see :func:`mmseg.apis.launching.rows.study_runs`; other rows are left out.

    Raises:
        UserError: a result or a curve is broken.
    """
    tables = []
    for table in study.tables:
        rows = [
            RowSummary(address=address, row=row, runs=tuple(map(read_run, runs[address])))
            for address, row in table.numbered().items()
            if address in runs
        ]
        tables += [TableSummary(table=table, rows=tuple(rows))] if rows else []
    return StudySummary(study=study, tables=tuple(tables))


def read_run(run: Run) -> RunSummary:
    """What the folder of a run holds.

    Raises:
        UserError: a file is broken; names it and the fix.
    """
    state = run.state
    result = run.result if state == "finished" else {}
    curve = run.curve or ([result] if result else [])
    summary = RunSummary(
        seed=run.cfg.seed,
        digest=run.digest,
        folder=run.folder,
        state=state,
        max_iters=run.cfg.train_cfg.max_iters,
        demo="demo_data" in run.cfg,
        iteration=(result or (curve[-1] if curve else {})).get("iteration"),
        metrics={**result.get("metrics", {}), **(target_metrics(run.folder) if result else {})},
        curve=tuple(curve),
        subsets=class_groups(run.cfg.val_evaluator.get("subsets")),
        cfg=run.cfg,
        product=run.product.name,
        returns=result.get("returns", ()),
        choice=chosen_iteration(run.folder, result["iteration"]) if result else None,
    )
    return replace(summary, stages={**{name: read_run(stage) for name, stage in run.before.items()}, run.name: summary})


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean at the iterations that all curves have; a curve without points does not take part."""
    return tuple((iteration, statistics.fmean(values)) for iteration, values in _shared(curves))


def deviation_curve(curves: Sequence[Curve]) -> Curve:
    """The standard deviation (n - 1) at the same iterations as :func:`mean_curve`; empty for a single curve."""
    return tuple((iteration, statistics.stdev(values)) for iteration, values in _shared(curves) if len(values) > 1)


def _shared(curves: Sequence[Curve]) -> list[tuple[int, list[float]]]:
    values = [dict(curve) for curve in curves if curve]
    iterations = sorted(set.intersection(*map(set, values))) if values else []
    return [(iteration, [points[iteration] for points in values]) for iteration in iterations]
