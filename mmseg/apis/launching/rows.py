"""The runs of the rows of a study: from values to complete configs, each in its folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mmengine.config import Config

from mmseg.apis.launching.runs import Run
from mmseg.config.checks import check_counts
from mmseg.config.config import checked_seed, load_config
from mmseg.config.demo_data import move_demo_data
from mmseg.config.references import with_digests
from mmseg.experiments import ConfigFile, Experiment, Row, Study, resolve, run_stem
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT

DEMO_OPTIONS = ("demo_data", "train_cfg.max_iters")
"""Overrides of a demo itself, which the config that it is made of does not get."""


def setup_config(setup: Experiment | ConfigFile, seed: int, options: dict | None = None) -> tuple[str, Config]:
    """Name without seed, and complete config, of what a row or a stage trains."""
    checked_seed(seed)
    if isinstance(setup, ConfigFile):
        return Path(setup.path).stem, load_config(ROOT / setup.path, options or {}, seed)
    return run_stem(setup), resolve(setup, seed, options)


def row_configs(row: Row, seed: int, options: dict | None = None) -> dict[str, tuple[str, Config]]:
    """Names without seed, and complete configs, of the stages of a row, by their names; of a row that is one training, by ''.

    What a stage takes from earlier ones is still named by their names, see :mod:`mmseg.config.references`.

    Args:
        row: of a study.
        seed: of all stages.
        options: overrides by dotted key, which go before the changes of a stage.
    """
    if not isinstance(row.setup, tuple):
        return {"": setup_config(row.setup, seed, options)}
    configs = {}
    for stage in row.setup:
        stem, cfg = setup_config(stage.setup, seed, {**stage.changes, **(options or {})})
        if stage.command is not None:
            cfg.command = stage.command.entries
        configs[stage.name] = (f"{stem}_{stage.name}" if stage.changes or stage.command else stem, cfg)
    return configs


def small_rows(study: Study, only: Sequence[str], seed: int, options: dict | None = None) -> dict[str, tuple[str, dict[str, Config]]]:
    """What :func:`mmseg.apis.launching.smoke.smoke` takes: of stages that are asked for, all up to the last one.

    Args:
        study: of ``experiments.py``.
        only: see :meth:`mmseg.experiments.Study.select_stages`.
        seed: of all rows.
        options: overrides by dotted key.
    """
    rows = {}
    for address, names in study.select_stages(only).items():
        row = study.rows[address]
        configs = {name: cfg for name, (_, cfg) in row_configs(row, seed, options).items()}
        last = max(map(list(configs).index, names), default=len(configs))
        rows[address] = (row.title, dict(list(configs.items())[: last + 1]))
    return rows


def row_run(row: Row, seed: int, options: dict | None = None, *, demo: bool = False) -> Run:
    """The run of a row: that of its last stage, which knows those before it."""
    runs: dict[str, Run] = {}
    options = options or {}
    folder, length = (options.get(key) if demo else None for key in DEMO_OPTIONS)
    given = {key: value for key, value in options.items() if not (demo and key in DEMO_OPTIONS)}
    for name, (stem, cfg) in row_configs(row, seed, given).items():
        if demo:
            stem, cfg = stem if "demo_data" in cfg else f"demo_{stem}", on_demo_domains(cfg, given, length)
        if folder is not None:
            before, cfg.demo_data = cfg.demo_data, folder
            move_demo_data(cfg, before)
        runs[name] = replace(Run.of(stem, with_digests(cfg, {stage: run.digest for stage, run in runs.items()})), name=name)
    *_, last = runs
    return replace(runs.pop(last), before=runs)


def study_runs(
    study: Study, *, only: Sequence[str] = (), seeds: Sequence[int] = (), demo: bool = False, options: dict | None = None
) -> dict[str, list[Run]]:
    """The runs of a study by the address of their row, one per seed; of a chain, that of its last stage.

    Args:
        study: of ``experiments.py``.
        only: see :meth:`mmseg.experiments.Study.select_stages`; rows come with all of their stages.
        seeds: instead of the study's own.
        demo: shrunken to the demo domains, see :func:`mmseg.config.small.shrink.demo`.
        options: overrides by dotted key.
    """
    runs: dict[str, list[Run]] = {}
    known: dict[tuple, Run] = {}  # rows of one digest are one run, whatever their names
    for address, row in study.select(only).items():
        for seed in seeds or study.seeds:
            run = row_run(row, seed, options, demo=demo)
            runs.setdefault(address, []).append(known.setdefault((run.digest, *run.stages), run))
    return runs


def chosen_runs(study: Study, runs: Mapping[str, Sequence[Run]], only: Sequence[str] = ()) -> dict[str, list[Run]]:
    """All runs that ``--only`` asks for, by the address of their row: every stage with those that it takes something from, before it.

    Args:
        study: of ``experiments.py``.
        runs: of :func:`study_runs`, at least those of the rows that are asked for.
        only: see :meth:`mmseg.experiments.Study.select_stages`.
    """
    chosen = study.select_stages(only)
    return {address: [stage for run in runs[address] for stage in run.chain(names)] for address, names in chosen.items()}


def on_demo_domains(cfg: Config, options: Iterable[str], length: int | None = None) -> Config:
    """See :func:`mmseg.config.small.shrink.demo`, which asks networks and methods for their options and so needs torch.

    Args:
        cfg: complete config, of a demo or not.
        options: keys of the command line that the config has taken.
        length: iterations, instead of those of the demo configs.

    Raises:
        UserError: one of the options is of a section that is the demo's, and would be lost without a word; or no such length.
    """
    if "demo_data" in cfg and length is None:
        return cfg
    from mmseg.config.small.shrink import LOADERS, OF_THE_DEMO, demo

    for key in options if "demo_data" not in cfg else ():
        section, *entry = key.split(".")
        if section in OF_THE_DEMO or (section in LOADERS and entry[:1] != ["dataset"]):
            fix = "Leave it out, or give it with --config to a config that --demo --dry-run writes"
            raise UserError(f"--cfg-options {key}: --demo trains with the {section} of the demo configs. {fix}.")
    if length is not None:
        check_counts(Config({"train_cfg": {"max_iters": length}}), "--demo", training=True)
    return demo(cfg, length)
