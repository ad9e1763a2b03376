"""A config with everything that is measured in pixels, and its network, at another size: what --smoke and --demo have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg.config.references import references
from mmseg.config.small.network import SMALL_TIMM, NetworkSize, shrink_network
from mmseg.demo.choices import DEMO_FOLDERS
from mmseg.registry import MASKS, MODELS, options_of
from mmseg.utils.errors import UserError

ANNOTATION_ROUNDS = "AnnotationRounds"
LABEL_DIVISOR = 4  # of the labels of the demo, 512 pixels wide, those of Cityscapes 2048
LISTED_SHARE = 1 / 16
"""Share of labelled images in the place of a list of them."""
SMALL_DRAWS = 6000
"""Length of the list of class-aware sampling: more than a training of a demo draws, and made in a moment."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How small a config becomes.

    Attributes:
        divisor: of crops, windows and mask blocks.
        margin_divisor: of margins and rows without pseudo-labels.
        image_size: size that an image is resized to, from that in the config; (w, h) in pixels.
        min_pixels: of rare-class sampling.
        ratio_divisor: of its ``min_crop_ratio``.
        network: of encoder and decoder.
        own_data: whether data sets without a demo domain are read where they are.
    """

    divisor: int
    margin_divisor: int
    image_size: Callable[[Sequence[int]], list[int]]
    min_pixels: int
    ratio_divisor: int = 1
    network: NetworkSize
    own_data: bool = False


def resize_config(cfg: Config, size: Size, demo_data: Path) -> None:
    """Gives a native config another size and the data of the demo domains, in place.

    Raises:
        UserError: a data set or an encoder has no small form, or the config lacks a part.
    """
    dataset = required(cfg, "train_dataloader.dataset")
    for key in ("source", "source_crop", *(["target_crop"] if dataset.get("target") else [])):
        required(cfg, f"train_dataloader.dataset.{key}")
    for name in ("source", "target"):
        if dataset.get(name):
            _resize_dataset(dataset[name], size, demo_data)
    _resize_dataset(required(cfg, "val_dataloader.dataset"), size, demo_data)
    _resize_sampling(dataset, size)
    _resize_method(cfg.uda, size)
    _resize_command(cfg.get("command") or {}, size)
    for hook in cfg.get("custom_hooks", ()):
        if hook["type"] == ANNOTATION_ROUNDS:
            _resize_annotation(hook, size)
    for key in ("backbone.type", "decode_head.type"):
        required(cfg, f"model.{key}")
    _resize_windows(cfg.model, size.divisor)
    shrink_network(cfg.model, size.network)


def divided(value: int | Sequence[int], divisor: int) -> int | list[int]:
    """Whole pixels, rounded half up; what is not 0 stays at least 1."""
    if isinstance(value, (list, tuple)):
        return [divided(single, divisor) for single in value]
    return max(1, (2 * value + divisor) // (2 * divisor)) if value else 0


def crops(dataset: dict) -> list[dict]:
    """The options of the crops of a training data set."""
    return [dataset[key] for key in ("source_crop", "target_crop") if dataset.get(key)]


def required(cfg: Config, path: str) -> Any:
    """An entry that a training needs, by its dotted key.

    Raises:
        UserError: there is none.
    """
    part = cfg
    for key in path.split("."):
        part = part.get(key)
        if part is None:
            raise UserError(f"The config has no {path}, so it has no small form for --smoke and --demo. Add this entry.")
    return part


def is_own(dataset: dict) -> bool:
    """Whether a data set is one of the user's own, of which there is no demo domain."""
    return isinstance(dataset.get("type"), str) and dataset["type"] not in DEMO_FOLDERS


def demo_folder(dataset: dict) -> str:
    """Name of the demo domain in the layout of a data set.

    Raises:
        UserError: there is none.
    """
    kind = dataset.get("type")
    if kind not in DEMO_FOLDERS:
        raise UserError(f"There is no demo domain for the data set type '{kind}'. Use one of {', '.join(DEMO_FOLDERS)}.")
    return DEMO_FOLDERS[kind]


def single_datasets(dataset: dict) -> list[dict]:
    """The configs of the data sets that :class:`SeveralDatasets` joins, or of the one that it is."""
    return [single for part in dataset["datasets"] for single in single_datasets(part)] if "datasets" in dataset else [dataset]


def _resize_dataset(dataset: dict, size: Size, demo_data: Path) -> None:
    for single in single_datasets(dataset):
        if not (size.own_data and is_own(single)):
            if not any(references(single.get("data_root"))):  # an earlier stage made it of demo images
                single["data_root"] = str(demo_data / demo_folder(single))
            for key in ("split", "first"):  # which name or count images of the full data set
                single.pop(key, None)
            if isinstance(single.get("labeled"), str):  # so does a list
                single["labeled"] = LISTED_SHARE
        if single.get("test_scale"):
            single["test_scale"] = size.image_size(single["test_scale"])


def _resized_scale(scale: Sequence, size: Size) -> list:
    """``img_scale`` of a crop at another size; one for all data sets where they no longer differ."""
    if not isinstance(scale[0], (list, tuple)):
        return size.image_size(scale)
    scales = [size.image_size(single) for single in scale]
    return scales[0] if all(single == scales[0] for single in scales) else scales


def _resize_sampling(dataset: dict, size: Size) -> None:
    """Which pixels of an image a training sees, and how many of a rare class."""
    for crop in crops(dataset):
        exact = crop.get("keep_ratio", True) in (False, "fit")
        whole = exact and list(reversed(crop.get("crop_size", ()))) == list(crop.get("img_scale", ()))
        if "img_scale" in crop:
            crop["img_scale"] = _resized_scale(crop["img_scale"], size)
        _divide(crop, "crop_size", size.divisor)
        if whole:
            crop["crop_size"] = list(reversed(crop["img_scale"]))
    if dataset.get("target_whole"):
        dataset["target_whole"] = size.image_size(dataset["target_whole"])
    _divide(dataset, "sync_crop_size", size.divisor)
    _divide(dataset, "crop_pseudo_margins", size.margin_divisor)
    if dataset.get("class_aware_sampling") is not None:
        dataset["class_aware_sampling"]["draws"] = SMALL_DRAWS
    rare = dataset.get("rare_class_sampling")
    if rare:
        rare.update(min_pixels=size.min_pixels, min_crop_ratio=rare.get("min_crop_ratio", 0) / size.ratio_divisor)


def _resize_method(uda: dict, size: Size) -> None:
    """Rows without pseudo-labels, mask blocks, pixels that label themselves and how many of them are remembered, networks that teach."""
    _divide_number(uda, "samples", size.divisor)
    _divide_number(uda, "memory", size.divisor**2)
    if uda.get("distilled_model"):
        shrink_network(uda["distilled_model"], size.network)
    if uda.get("feature_distillation"):
        uda["feature_distillation"].update(name=SMALL_TIMM, pretrained=None)
    for key in ("pseudo_weight_ignore_top", "pseudo_weight_ignore_bottom"):
        _divide(uda, key, size.margin_divisor)
    for stage in uda.get("labeling") or ():
        if stage.get("self_labelling"):
            _divide(stage["self_labelling"], "samples", size.divisor)
            _divide(stage["self_labelling"], "memory", size.divisor**2)
        if stage.get("type") == "IgnoreRows":
            _divide(stage, "top", size.margin_divisor)
            _divide(stage, "bottom", size.margin_divisor)
    generator = uda.get("mask_generator")
    if generator:
        options = options_of(MASKS.get(generator["type"]))
        if "mask_block_size" in options:
            block = generator.get("mask_block_size", options["mask_block_size"].default)
            generator["mask_block_size"] = divided(block, size.divisor)


def _resize_command(command: dict, size: Size) -> None:
    """How many pixels of a class an image shows, in the options of a stage's command."""
    _divide(command.get("options", {}), "min_pixels", size.divisor**2)


def _resize_annotation(rounds: dict, size: Size) -> None:
    """Windows around a pixel, which are of images at their native size; budgets stay: so many pixels are so many clicks in any image."""
    _divide(rounds["acquisition"], "radius", LABEL_DIVISOR)
    if rounds.get("size"):
        rounds["size"] = size.image_size(rounds["size"])


def _resize_windows(model: dict, divisor: int) -> None:
    """The detail crop and the windows of evaluation."""
    _divide(model, "hr_crop_size", divisor)
    for key in ("crop_size", "stride"):
        _divide(model.get("test_cfg", {}), key, divisor)


def _divide_number(options: dict, key: str, divisor: int) -> None:
    """A number that an option of the method says, or its default, in place; nothing where the method has no such option."""
    option = options_of(MODELS.get(options["type"])).get(key)
    if option is not None:
        options[key] = divided(options.get(key, option.default), divisor)


def _divide(options: dict, key: str, divisor: int) -> None:
    """An option that a config may leave out, in place."""
    if options.get(key):
        options[key] = divided(options[key], divisor)
