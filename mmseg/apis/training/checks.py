"""What a training would refuse in a config, found without data and without training: names, types and ranges of all options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmseg.apis.launching.commands import check_tool_options
from mmseg.apis.launching.runs import Run
from mmseg.datasets import ClassAwareOptions, CropOptions, RareClassOptions, StrongViewOptions
from mmseg.datasets.classes.check import check_class_lists
from mmseg.engine.dry_pass import dry_pass
from mmseg.engine.parts import build_evaluator, build_model, build_optimizer, check_engine_parts, hook_configs
from mmseg.evaluation.metric_config import metric_config
from mmseg.models.backbones.style_hallucination import StyleHallucination
from mmseg.models.backbones.tuning.base import TUNINGS
from mmseg.registry import DATA_SAMPLERS, DATASETS, HOOKS, LABELING_STAGES, MASKS, MIXINGS, MODELS, OBJECTIVES, TEACHERS, check_component
from mmseg.utils.errors import UserError

METHOD_PARTS = {"labeling": LABELING_STAGES, "objectives": OBJECTIVES, "teacher": TEACHERS, "mix": MIXINGS, "mask_generator": MASKS}
"""Registries of the parts of a method, by their keys."""
DATA_OPTIONS = {
    "source_crop": CropOptions,
    "target_crop": CropOptions,
    "rare_class_sampling": RareClassOptions,
    "strong_view": StrongViewOptions,
    "class_aware_sampling": ClassAwareOptions,
}
"""What checks the dictionaries of a training data set that name no type."""


def check_runs(runs: Mapping[str, Sequence[Run]]) -> None:
    """Checks the config of every row; of the first one, networks and optimizer are built as well, without their memory.

    Args:
        runs: by the address of the row, one per seed, which differ in nothing else. Of chains, every stage is checked.

    Raises:
        UserError: of the first row that is refused; begins with its address.
    """
    first: dict[str, tuple[str, Run]] = {}  # rows may be one training, and chains may begin alike
    for address, group in runs.items():
        for name, run in group[0].stages.items():
            first.setdefault(run.digest, (f"{address}@{name}" if name else address, run))
    for number, (place, run) in enumerate(first.values()):
        try:
            check_options(run.cfg)
            if run.command:
                check_tool_options(run)
            if number == 0:
                build_parts(run.cfg)
        except UserError as error:
            raise UserError(f"{place}: {error}") from None


def check_options(cfg: Config) -> None:
    """Compares all options of a complete config with the constructors that they are for.

    Raises:
        UserError: an option is not known, of another type or outside its range.
    """
    check_engine_parts(cfg)
    check_class_lists(cfg)
    build_evaluator(metric_config(cfg))
    default_hooks, custom_hooks = hook_configs(cfg)
    for hook in (*filter(None, default_hooks.values()), *custom_hooks):
        check_component(hook, HOOKS)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        check_component({**loader, "type": DataLoader}, DATASETS)
        check_component(loader["sampler"], DATA_SAMPLERS)
        for part in typed(loader["dataset"]):
            check_component(part, DATASETS)
    for key, options in DATA_OPTIONS.items():
        _check_data_options(cfg.train_dataloader.dataset.get(key), options)
    for part in (cfg.uda, *typed(cfg.model)):
        check_component(part, MODELS)
        if part.get("style_hallucination_cfg"):
            check_component({**part["style_hallucination_cfg"], "type": StyleHallucination}, MODELS)
    if tuning := cfg.model.backbone.get("tuning"):
        check_component(tuning, TUNINGS)
    for key, registry in METHOD_PARTS.items():
        for part in typed(cfg.uda.get(key)):
            check_component(part, registry)


def build_parts(cfg: Config) -> None:
    """Builds networks, method and optimizer of a config as a training does: parts that do not fit each other, or the crops, are found.

    Raises:
        UserError: as :func:`mmseg.engine.parts.build_model`, :func:`mmseg.engine.parts.build_optimizer` and
            :func:`mmseg.engine.dry_pass.dry_pass`.
    """
    cfg = Config({**cfg.to_dict(), "compile": False})
    try:
        with torch.device("meta"):
            method = build_model(cfg)
            build_optimizer(cfg.optim_wrapper, method)
    except (NotImplementedError, RuntimeError):  # a network may compute with its weights when it is built
        method = build_model(cfg)
        build_optimizer(cfg.optim_wrapper, method)
    dataset = cfg.train_dataloader.dataset
    dry_pass(method, cfg.train_dataloader.batch_size, dataset.get("sync_crop_size") or dataset.source_crop.crop_size)


def typed(value: object) -> Iterator[dict]:
    """The parts of a config that name a type, from the outside; not layers (``norm_cfg`` and the like) nor a tuning."""
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for key, entry in value.items():
            if not str(key).endswith("_cfg") and key != "tuning":
                yield from typed(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from typed(entry)


def _check_data_options(given: dict | None, options: type) -> None:
    if given:
        scales = given.get("img_scale")
        several = scales and isinstance(scales[0], (list, tuple))  # one for each data set
        check_component({**given, "type": options, **({"img_scale": scales[0]} if several else {})}, DATASETS)
