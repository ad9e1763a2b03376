"""A config made small, in two sizes: seconds on a CPU (:func:`shrink`), or a real training of minutes (:func:`demo`).

Everything measured in pixels is divided, encoder and decoder become narrow and shallow, and the folders are
those of the demo domains. What stays is what the config is about: types, options, losses, methods, crops and
sampling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from mmseg.config.checks import HELPERS
from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.identity import REPORTING_HOOKS
from mmseg.config.reading.code import run_config
from mmseg.config.references import references
from mmseg.config.schedule import resolve_ends, stretch
from mmseg.config.small.config import ANNOTATION_ROUNDS, Size, crops, demo_folder, divided, is_own, required, resize_config, single_datasets
from mmseg.config.small.network import NetworkSize
from mmseg.datasets import CropOptions
from mmseg.datasets.base import class_info
from mmseg.datasets.classes.groups import class_groups
from mmseg.datasets.classes.names import CLASSES
from mmseg.registry import MODELS, options_of
from mmseg.utils.repository import CONFIGS

LEFT_OUT = ("test_dataloader", *HELPERS)
"""Entries that no small config has; nor has one a file of a large network to start from."""

SMOKE_WIDTH = 128  # pixels of a validation image, about
SMOKE_MIN_PIXELS = 2
SMOKE_TRANSFORMER = {
    "embed_dims": [8, 16, 24, 32],
    "depths": [1, 1, 1, 1],
    "num_heads": [1, 2, 3, 4],
    "sr_ratios": [2, 1, 1, 1],  # a detail crop may have 8 pixels per side
    "mlp_ratios": [2, 2, 2, 2],
    "qkv_bias": True,
}
SMOKE_NETWORK = NetworkSize(transformer=SMOKE_TRANSFORMER, depth=50, base_channels=8, channels=8, inner_channels=8, base_styles=4)

DEMO_DIVISOR = 4  # demo images are 512 pixels wide, those of Cityscapes 2048
DEMO_MARGIN_DIVISOR = 8  # the hood of the demo's car covers half of the share of the image
DEMO_RATIO_DIVISOR = 2  # of min_crop_ratio: a demo crop shows as much of the street, but fewer pixels of a rare class
OF_THE_DEMO = ("optim_wrapper", "param_scheduler", "train_cfg", "default_hooks", "visualizer", "env_cfg", "demo_data")
"""Sections that are those of the demo configs as a whole."""
LOADERS = ("train_dataloader", "val_dataloader")
"""Sections that are those of the demo configs but for their data sets."""
WEIGHT_AVERAGE = "WeightAverageHook"
OF_THE_CLASSES = ("class_weight", "avg_class_weight")
"""Options of a decoder's loss that know how frequent classes are in the data of the config."""
WARM_UP = "LinearLR"
PROTOTYPE_MOMENTUM = "marginal_momentum"
"""Option of methods with prototypes, whose moving averages are as slow as their α."""


def shrink(cfg: Config, demo_data: str | Path, iterations: int = 2) -> Config:
    """A small copy of a complete config, for a training of seconds that shows whether its parts fit together.

    It has no ``demo_data``: the caller sees to it that the folder exists, with images of any size. Data sets of one's own, which have
    no demo domain, are read where they are.

    Args:
        cfg: native config of a training (:func:`mmseg.config.config.load_config`).
        demo_data: folder that holds the demo domains in the layouts that the config needs (:func:`layouts`).
        iterations: length of the training; one evaluation follows.

    Raises:
        UserError: an encoder has no small form, or the config lacks a part.
    """
    small = Config(cfg.to_dict())
    divisor = 2 ** max(0, round(math.log2(_image_width(small) / SMOKE_WIDTH)))
    size = Size(
        divisor=divisor,
        margin_divisor=divisor,
        image_size=lambda scale: divided(scale, divisor),
        min_pixels=SMOKE_MIN_PIXELS,
        network=SMOKE_NETWORK,
        own_data=True,
    )
    resize_config(small, size, Path(demo_data))
    rare = small.train_dataloader.dataset.get("rare_class_sampling")
    if rare and any(references(small.train_dataloader.dataset.source)):
        rare["min_pixels"] = 0  # a network of two iterations has hardly labelled any
    command_options = (small.get("command") or {}).get("options", {})
    if command_options.get("threshold") is not None:
        command_options["threshold"] = None  # it is sure of none
    small.train_dataloader.update(num_workers=0, batch_size=2)
    small.val_dataloader.update(num_workers=0)  # images of several sizes need the batch size 1 of their config
    for crop in crops(small.train_dataloader.dataset):
        crop["pad"] = crop.get("pad") or True  # sizes are rounded
    if small.uda.get("self_training_start"):
        small.uda.self_training_start = min(small.uda.self_training_start, iterations - 1)
    _move_starts(small.uda, small.train_cfg.max_iters, iterations)
    _move_beginnings(small.get("custom_hooks", ()), small.train_cfg.max_iters, iterations)
    small.train_cfg.update(max_iters=iterations, val_interval=iterations)
    for hook in small.get("custom_hooks", ()):
        if "workers_per_gpu" in hook:
            hook["workers_per_gpu"] = 0
    for hook in (*small.default_hooks.values(), *small.get("custom_hooks", ())):
        if hook and "interval" in hook:
            hook["interval"] = min(hook["interval"], iterations)
    _divide_batch(small)
    return _without(small, (*LEFT_OUT, "demo_data"))


def demo(cfg: Config, iterations: int | None = None) -> Config:
    """The same training on the demo domains: from scratch, minutes on a CPU, comparable with others of this size.

    The demo configs say how large images, networks and batches are and how long is trained; the config says
    what is trained. What published trainings differ in can be lost at this size:

    - No network starts from ImageNet weights, so there is no feature distance to them, and no distillation of features.
    - Every MiT becomes one small MiT, and every ResNet a narrow ResNet-50.
    - Frozen batch norm (``FrozenBN``), which keeps the statistics of a file, becomes batch norm: there is no file.
    - DACS takes α and τ of the demo (``configs/_base_/uda/dacs_demo.py``), so an α of 0.999 and one of 0.99 are
      the same; all methods take its class weights of the source loss, also in place of those of the decoder's loss.
    - Moving averages of prototypes and of class shares take the α of the demo as well.
    - One AdamW and one schedule for all, with warm-up where the config has one: the SGD of adversarial trainings
      does not learn from scratch in 2,000 iterations.

    Trainings that differ in nothing else become one, with one digest.

    Args:
        cfg: native config of a training at full or half resolution. That of a demo keeps everything but its length.
        iterations: length instead of that of the demo configs; warm-up, starts, rounds and evaluations stay at their shares of it.

    Raises:
        UserError: as :func:`shrink`.
    """
    small = Config(cfg.to_dict())
    if "demo_data" in small:
        return small if iterations is None else _stretch(small, iterations)
    base = resolve_ends(resolve_sizes(run_config(CONFIGS / "demo" / "demoHR2demoHR_hrda.py")))
    if iterations is not None:
        _stretch(base, iterations)
    resize_config(small, _demo_size(base), Path(base.demo_data))
    for crop in crops(small.train_dataloader.dataset):
        if crop.get("keep_ratio") != "fit":
            crop["pad"] = any(side > limit for side, limit in zip(crop["crop_size"], reversed(crop["img_scale"]), strict=True))
        _drop_defaults(crop, CropOptions)
    if (small.model.backbone.get("norm_cfg") or {}).get("type") == "FrozenBN":
        del small.model.backbone["norm_cfg"]
    for option in OF_THE_CLASSES:
        (small.model.decode_head.get("loss_decode") or {}).pop(option, None)
    classes = class_info(small.val_dataloader.dataset)["classes"]
    small["uda"] = _demo_method(small.uda, {**base.uda, "source_class_weight": _weights_of(classes, base.uda.source_class_weight)})
    for name in LOADERS:
        small[name] = {**base[name], "dataset": small[name].dataset}
    thin = {name: group for name, group in class_groups(base.val_evaluator.subsets).items() if set(group) <= set(classes)}
    subsets = {**thin, **class_groups(small.val_evaluator.get("subsets"))}
    small["val_evaluator"] = {**base.val_evaluator, **small.val_evaluator, "subsets": subsets}
    warm_up = any(schedule["type"] == WARM_UP for schedule in small.param_scheduler)
    hooks = [dict(hook) for hook in small.get("custom_hooks", ()) if hook["type"] not in REPORTING_HOOKS]
    for hook in hooks:
        if "interval" in hook:  # as often in a training as before
            hook["interval"] = max(1, hook["interval"] * base.train_cfg.max_iters // small.train_cfg.max_iters)
    _move_starts(small.uda, small.train_cfg.max_iters, base.train_cfg.max_iters)
    _move_beginnings(hooks, small.train_cfg.max_iters, base.train_cfg.max_iters)
    for key in OF_THE_DEMO:
        small[key] = base[key]
    small["custom_hooks"] = [*base.custom_hooks, *hooks]
    if not warm_up:
        small["param_scheduler"] = [schedule for schedule in base.param_scheduler if schedule["type"] != WARM_UP]
    _divide_batch(small)
    return _without(small, LEFT_OUT)


def _image_width(cfg: Config) -> int:
    """The longer side of a validation image, or where none is given of an image that crops are cut from."""
    test_scale = required(cfg, "val_dataloader.dataset").get("test_scale")
    scale = test_scale or required(cfg, "train_dataloader.dataset.source_crop.img_scale")
    return max(max(side) if isinstance(side, (list, tuple)) else side for side in scale)


def layouts(cfg: Config, *, own_data: bool = False) -> list[str]:
    """The demo domains that the small forms of a config need: names for ``tools/make_demo_data.py --layout``, sorted.

    Args:
        cfg: complete config.
        own_data: whether data sets without a demo domain are read where they are.

    Raises:
        UserError: there is no demo domain for one of its data sets.
    """
    training = required(cfg, "train_dataloader.dataset")
    datasets = (training.get("source"), training.get("target"), required(cfg, "val_dataloader.dataset"))
    singles = [single for dataset in datasets if dataset for single in single_datasets(dataset)]
    return sorted({demo_folder(single) for single in singles if not (own_data and is_own(single))})


def demo_image_size(scale: Sequence[int], full: Sequence[int]) -> list[int]:
    """Size (w, h) of a demo image in the place of one of ``scale``: ``full``, halved until its width is closest to the divided one."""
    halvings = max(0, round(math.log2(full[0] * DEMO_DIVISOR / scale[0])))
    return [side // 2**halvings for side in full]


def _move_beginnings(hooks: Sequence[dict], before: int, after: int) -> None:
    """What hooks begin at the same share of a training of ``after`` iterations instead of ``before``, in place.

    Rounds of annotation, once where two meet: one before the first iteration stays there, and the others come before the last one. The
    moving average of the weights.
    """
    for hook in hooks:
        if hook["type"] == WEIGHT_AVERAGE:
            hook["begin"] = hook.get("begin", 0) * after // before
        if hook["type"] == ANNOTATION_ROUNDS:
            hook["rounds"] = sorted({min(max(1, number * after // before), after - 1) if number else 0 for number in hook["rounds"]})


def _move_starts(uda: dict, before: int, after: int) -> None:
    """Stages of labeling begin at the same share of a training of ``after`` iterations instead of ``before``, in place."""
    for stage in uda.get("labeling") or ():
        if stage.get("start"):
            stage["start"] = min(max(1, stage["start"] * after // before), after - 1)


def _stretch(cfg: Config, iterations: int) -> Config:
    """The demo config of another length, in place: see :func:`demo`."""
    before = cfg.train_cfg.max_iters
    if cfg.uda.get("self_training_start"):
        cfg.uda.self_training_start = cfg.uda.self_training_start * iterations // before
    _move_starts(cfg.uda, before, iterations)
    _move_beginnings(cfg.get("custom_hooks", ()), before, iterations)
    return stretch(cfg, iterations)


def _demo_size(base: Config) -> Size:
    """That of the demo configs; ``base`` is HRDA's."""
    head, encoder = base.model.decode_head, base.model.backbone
    resnet = run_config(CONFIGS / "_base_" / "models" / "dlv2_tiny.py").model.backbone
    return Size(
        divisor=DEMO_DIVISOR,
        margin_divisor=DEMO_MARGIN_DIVISOR,
        image_size=lambda scale: demo_image_size(scale, base.val_dataloader.dataset.test_scale),
        min_pixels=base.train_dataloader.dataset.rare_class_sampling.min_pixels,
        ratio_divisor=DEMO_RATIO_DIVISOR,
        network=NetworkSize(
            transformer={key: value for key, value in encoder.items() if key != "type"},
            depth=resnet.depth,
            base_channels=resnet.base_channels,
            channels=head.channels,
            inner_channels=head.decoder_params.embed_dims,
            base_styles=encoder.embed_dims[0],
            dropout=head.dropout_ratio,
        ),
    )


def _weights_of(classes: Sequence[str], weights: Sequence[float]) -> list[float]:
    """The demo's weight of each class, from those of all 19; 1 for a class by another name."""
    known = dict(zip(CLASSES, weights, strict=True))
    return [known.get(name, 1.0) for name in classes]


def _demo_method(uda: dict, dacs: dict) -> dict:
    """The options of a method that mean something in a demo; ``dacs`` are those of the demo's DACS."""
    kept = {key: value for key, value in uda.items() if not key.startswith("imnet_") and key != "feature_distillation"}
    _drop_defaults(kept, MODELS.get(kept["type"]))
    small = {**kept, **(dacs if kept["type"] == dacs["type"] else {"source_class_weight": dacs["source_class_weight"]})}
    if PROTOTYPE_MOMENTUM in options_of(MODELS.get(kept["type"])):
        small |= {"alpha": dacs["alpha"], PROTOTYPE_MOMENTUM: dacs["alpha"]}
    if "labeling" in kept:  # the list says what τ is
        threshold = small.pop("pseudo_threshold", None)
        given = {"PrototypeRectification": {"momentum": dacs["alpha"]}}
        if threshold is not None:
            given["ConfidenceShare"] = {"threshold": threshold}
        small["labeling"] = [{**stage, **given.get(stage.get("type"), {})} for stage in kept["labeling"]]
    return small


def _drop_defaults(options: dict, component: type) -> None:
    """Removes what a component does anyway, so that trainings that are the same have one digest."""
    for key, option in options_of(component).items():
        if key in options and options[key] == option.default:
            del options[key]


def _divide_batch(cfg: Config) -> None:
    """As many parts of a batch as before, or as the smaller batch can have, in place."""
    if cfg.get("micro_batches", 1) > 1:
        cfg.micro_batches = math.gcd(cfg.micro_batches, cfg.train_dataloader.batch_size)


def _without(cfg: Config, keys: Sequence[str]) -> Config:
    for key in keys:
        cfg.pop(key, None)
    if not any(references(cfg.get("load_from"))):  # an earlier stage is as small
        cfg.pop("load_from", None)
    return cfg
