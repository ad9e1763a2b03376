"""Data of an old config: one dictionary becomes the dataloaders.

Sizes are (height, width), scales (width, height) as in all configs.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from mmseg.config.legacy.checks import accept, checked, type_of, whole_numbers
from mmseg.config.legacy.pipelines import test_scale, training_crop
from mmseg.utils.errors import UserError

FOLDER_OPTIONS = ("type", "data_root", "img_dir", "ann_dir", "img_suffix", "seg_map_suffix")
MASK_SIZES = {"CityscapesDataset": [1024, 2048], "ACDCDataset": [1080, 1920], "DarkZurichDataset": [1080, 1920]}
"""Size of the mask that ``crop_pseudo_margins`` are pixels of, unless ``valid_mask_size`` gives it."""


def upgrade_data(data: dict) -> tuple[dict[str, dict], dict]:
    """``data`` -> the dataloaders, and the normalisation that all of them share.

    A differing ``test`` becomes ``test_dataloader``.
    """
    known = ("samples_per_gpu", "workers_per_gpu", "train", "val", "test")
    checked(data, "data", known, required=("samples_per_gpu", "workers_per_gpu", "train", "val"))
    train, normalizations = upgrade_train(data["train"])
    loaders = {"train_dataloader": train_loader(data, train)}
    for split in ("val", "test"):
        if split in data:
            dataset, normalizations[f"data.{split}"] = evaluation_dataset(data[split], f"data.{split}")
            loaders[f"{split}_dataloader"] = evaluation_loader(data, dataset)
    if loaders.get("test_dataloader") == loaders["val_dataloader"]:
        del loaders["test_dataloader"]
    return loaders, common_normalization(normalizations)


def train_loader(data: dict, dataset: dict) -> dict:
    """Batches of the running sample number."""
    sizes = {"batch_size": data["samples_per_gpu"], "num_workers": data["workers_per_gpu"]}
    return {**sizes, "sampler": {"type": "RunningIndexSampler"}, "dataset": dataset}


def evaluation_loader(data: dict, dataset: dict) -> dict:
    """One image at a time, in order."""
    sampler = {"type": "DefaultSampler", "shuffle": False}
    return {"batch_size": 1, "num_workers": data["workers_per_gpu"], "sampler": sampler, "dataset": dataset}


def upgrade_train(train: Any) -> tuple[dict, dict[str, dict]]:
    """``data.train`` -> the native data set, and the normalisations by path.

    A single labelled data set becomes the source.
    """
    if type_of(train) != "UDADataset":
        source, crop, normalization = labelled_crops(train, "data.train")
        return {"type": "UDADataset", "source": source, "source_crop": crop}, {"data.train": normalization}
    known = ("type", "source", "target", "rare_class_sampling", "sync_crop_size")
    checked(train, "data.train", known, required=("source", "target"))
    source, source_crop, source_norm = labelled_crops(train["source"], "data.train.source")
    target, target_norm = target_options(train["target"], "data.train.target")
    native = {"type": "UDADataset", "source": source, "source_crop": source_crop, **target}
    if train.get("rare_class_sampling") is not None:
        path = "data.train.rare_class_sampling"
        known = ("min_pixels", "class_temp", "min_crop_ratio")
        native["rare_class_sampling"] = checked(train["rare_class_sampling"], path, known, required=known)
    if train.get("sync_crop_size") is not None:
        native["sync_crop_size"] = train["sync_crop_size"]
    return native, {"data.train.source": source_norm, "data.train.target": target_norm}


def labelled_crops(dataset: Any, path: str) -> tuple[dict, dict, dict]:
    """(data set, crop, normalisation) of a labelled training set."""
    folder = folders(dataset, path, extra=("crop_pseudo_margins",))
    accept(dataset, path, {"crop_pseudo_margins": [None]}, fix="Remove it; margins are for the target.")
    crop, normalization = training_crop(dataset["pipeline"], f"{path}.pipeline", source=True)
    return folder, crop, normalization


def target_options(dataset: Any, path: str) -> tuple[dict, dict]:
    """(``target`` without its labels, ``target_crop`` and ``crop_pseudo_margins``; normalisation)."""
    folder = folders(dataset, path, extra=("crop_pseudo_margins", "valid_mask_size"))
    folder.pop("ann_dir", None)  # training cannot reach the target's labels
    crop, normalization = training_crop(dataset["pipeline"], f"{path}.pipeline", source=False)
    options = {"target": folder, "target_crop": crop}
    margins = dataset.get("crop_pseudo_margins")
    if margins is not None:
        size = dataset.get("valid_mask_size") or MASK_SIZES.get(dataset["type"])
        if size is None:
            raise UserError(f"{path}.valid_mask_size is missing for {dataset['type']}. Add the (height, width) that the margins refer to.")
        whole_numbers(margins, f"{path}.crop_pseudo_margins", 4)
        whole_numbers(size, f"{path}.valid_mask_size", 2)
        options["crop_pseudo_margins"] = scaled_margins(margins, size, crop["img_scale"], f"{path}.crop_pseudo_margins")
    return options, normalization


def evaluation_dataset(dataset: Any, path: str) -> tuple[dict, dict]:
    """(data set, normalisation) of ``val`` or ``test``."""
    folder = folders(dataset, path)
    scale, normalization = test_scale(dataset["pipeline"], f"{path}.pipeline")
    return {**folder, "test_scale": scale}, normalization


def folders(dataset: Any, path: str, extra: Sequence[str] = ()) -> dict:
    """Type and folders of a data set."""
    checked(dataset, path, (*FOLDER_OPTIONS, "pipeline", *extra), required=("type", "data_root", "img_dir", "pipeline"))
    if type_of(dataset) is None:
        raise UserError(f"{path}.type is {dataset['type']!r}. Use the name of a data set, such as 'CityscapesDataset'.")
    return {key: value for key, value in dataset.items() if key in FOLDER_OPTIONS}


def scaled_margins(margins: Sequence[int], mask_size: Sequence[int], img_scale: Sequence[int], path: str) -> list[int]:
    """Margins in pixels of the resized image.

    Args:
        margins: [top, bottom, left, right] in pixels of a mask that is resized with the image.
        mask_size: (height, width) of the mask.
        img_scale: (width, height) that image and mask are resized to fit into, aspect ratio kept.

    Raises:
        UserError: one of them is no whole number; half a pixel could be on either side.
    """
    ratio = min(Fraction(bound(img_scale), bound(mask_size)) for bound in (max, min))
    scaled = [margin * ratio for margin in margins]
    if any(margin.denominator != 1 for margin in scaled):
        sizes = f"{mask_size[1]}x{mask_size[0]} to fit {img_scale[0]}x{img_scale[1]}"
        raise UserError(f"{path} {list(margins)} are no whole pixels after resizing {sizes}. Use multiples of {ratio.denominator}.")
    return [int(margin) for margin in scaled]


def common_normalization(normalizations: dict[str, dict]) -> dict:
    """The one normalisation; it belongs to the model, not to a data set."""
    (first, expected), *others = normalizations.items()
    for path, given in others:
        if given != expected:
            raise UserError(f"{path}.pipeline normalises by {given}, but {first}.pipeline by {expected}. Use the same mean and std.")
    return expected
