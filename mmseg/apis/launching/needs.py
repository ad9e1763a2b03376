"""What a training reads: found missing before the first run of a study starts, not hours later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.config import Config

from mmseg.apis.launching.commands import check_tool_options
from mmseg.apis.launching.runs import Run
from mmseg.apis.training.teachers import teacher_files
from mmseg.config.references import references
from mmseg.datasets.base import without_labels
from mmseg.datasets.choosing.labeled import labeled_config
from mmseg.datasets.classes.check import check_class_lists
from mmseg.datasets.missing import how_to_get
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions, build_rare_class_table
from mmseg.models.uda import Distillation
from mmseg.models.weights.pretrained import find_weights, pretrained_path
from mmseg.registry import DATASETS, MODELS
from mmseg.utils.errors import UserError


def check_needs(runs: Sequence[Run]) -> None:
    """Refuses runs whose parts have other classes, and whose data, starting weights or teachers are missing; looks at each data set once.

    Data that an earlier stage makes are looked for when the stage that takes them starts. A command looks for what it reads when it
    starts; its options are checked.

    Raises:
        UserError: names the first folder or file that is missing, and what makes it.
    """
    for run in runs:
        check_class_lists(run.cfg)
        if run.command:
            check_tool_options(run)
    trainings = [run for run in runs if not run.command]
    datasets = [data for run in trainings for data in _datasets(run.cfg) if not any(references(data[0]))]
    for dataset, rare in {json.dumps(data, sort_keys=True): data for data in datasets}.values():
        check_data(dataset, rare)
    for run in trainings:
        if not run.started:  # a resumed one has its weights in its state
            check_weights(run.cfg)
        check_teacher(run.cfg)


def check_weights(cfg: Config) -> None:
    """Refuses a config whose starting weights do not lie where it says."""
    imitated = cfg.uda.get("feature_distillation") or {}
    for name in (pretrained_path(cfg.model.get("pretrained"), cfg.model.backbone.get("init_cfg")), imitated.get("pretrained")):
        if name is not None:
            find_weights(name)


def check_teacher(cfg: Config) -> None:
    """Refuses a distillation whose teacher is missing; one that an earlier stage trains is looked for when the stage starts."""
    teacher = cfg.uda.get("distilled_from")
    if issubclass(MODELS.get(cfg.uda.type), Distillation) and not any(references(teacher)):
        teacher_files(teacher)


def check_data(dataset: dict, rare: dict | None) -> None:
    """Refuses a data set that is missing or incomplete.

    Args:
        dataset: its config.
        rare: options of rare-class sampling on it, or None.
    """
    root = dataset.get("data_root")  # a data set of others has none
    if root is not None and not Path(root).is_dir():
        command = getattr(DATASETS.get(dataset["type"]), "converter", None)
        convert = f", and convert it with: {command} {root}" if command else "."
        fix = how_to_get(Path(root), f"Put the data there as section 'Data' of README.md describes{convert}")
        raise UserError(f"{dataset['type']} needs the folder {root}, which does not exist. {fix}")
    data = DATASETS.build(dataset)
    if rare is not None:
        build_rare_class_table(data, RareClassOptions(**rare))


def _datasets(cfg: Config) -> Iterator[tuple[dict, dict | None]]:
    """The data sets of a training, each with its rare-class sampling."""
    training = cfg.train_dataloader.dataset.to_dict()
    yield training["source"], training.get("rare_class_sampling")
    if training.get("target"):
        yield without_labels(training["target"]), None
        if few := labeled_config(training["target"]):
            yield few, None
    yield cfg.val_dataloader.dataset.to_dict(), None
