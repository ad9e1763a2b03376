"""Data of an old config: one dictionary becomes the dataloaders.

Sizes are (height, width), scales (width, height) as in all configs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmseg.config.legacy.checks import accept, checked, dictionary, type_of, whole_numbers
from mmseg.config.legacy.pipelines import test_scale, training_crop
from mmseg.datasets import HOMES
from mmseg.utils.errors import UserError, suggestion

FOLDER_OPTIONS = ("type", "data_root", "img_dir", "ann_dir", "img_suffix", "seg_map_suffix", "split")
SAME_AS_OURS: Mapping[str, Sequence] = {
    "test_mode": [True, False],
    "reduce_zero_label": [False, None],
    "ignore_index": [255],
    "classes": [None],
    "palette": [None],
    "gt_seg_map_loader_cfg": [None],
    "file_client_args": [None, {"backend": "disk"}],
}
"""Options of a data set with the values that mean what ours does."""
DATASET_TYPES = tuple(name for name in HOMES if name.endswith("Dataset") and name not in ("FolderDataset", "UDADataset"))
"""Data sets that an old config may name."""
MASK_SIZES = {"CityscapesDataset": [1024, 2048], "ACDCDataset": [1080, 1920], "DarkZurichDataset": [1080, 1920]}
"""Size of the mask that ``crop_pseudo_margins`` are pixels of, unless ``valid_mask_size`` gives it."""


def upgrade_evaluation_data(data: Any, *, harmless: bool) -> tuple[dict[str, dict], dict[str, dict]]:
    """``data.val`` and ``data.test`` -> the dataloaders, and the normalisations by path.

    A differing ``test`` becomes ``test_dataloader``; where there is no ``val``, it is the one that is evaluated.

    Args:
        harmless: see :func:`checked`; of the data sets, not of their pipelines: what acts on an image changes results.
    """
    given = [split for split in ("val", "test") if split in dictionary(data, "data")]
    if not given:
        raise UserError("data.val is missing. Add it.")
    loaders, normalizations = {}, {}
    for split in given:
        dataset, normalizations[f"data.{split}"] = evaluation_dataset(data[split], f"data.{split}", harmless=harmless)
        loaders[f"{split}_dataloader"] = evaluation_loader(data, dataset)
    loaders.setdefault("val_dataloader", loaders.get("test_dataloader"))
    if loaders.get("test_dataloader") == loaders["val_dataloader"]:
        del loaders["test_dataloader"]
    return loaders, normalizations


def upgrade_training_data(data: dict, *, ignored_target: bool) -> tuple[dict, dict[str, dict]]:
    """``data`` -> ``train_dataloader``, and the normalisations by path.

    Args:
        ignored_target: the training does not look at the target.
    """
    known = ("samples_per_gpu", "workers_per_gpu", "train", "val", "test")
    checked(data, "data", known, required=("samples_per_gpu", "workers_per_gpu", "train", "val"))
    train, normalizations = upgrade_train(data["train"], ignored_target=ignored_target)
    return train_loader(data, train), normalizations


def known_source(old: dict) -> dict[str, dict]:
    """What an evaluation reads of training data that are not understood: the source, which says what a network cannot know."""
    data = old["data"].get("train")
    source = data.get("source") if type_of(data) in ("UDADataset", "DGDataset") else data
    if type_of(source) not in DATASET_TYPES:
        return {}
    folder = {key: value for key, value in source.items() if key in FOLDER_OPTIONS}
    return {"train_dataloader": {"dataset": {"type": "UDADataset", "source": folder}}}


def train_loader(data: dict, dataset: dict) -> dict:
    """Batches of the running sample number."""
    sizes = {"batch_size": data["samples_per_gpu"], "num_workers": data["workers_per_gpu"]}
    return {**sizes, "sampler": {"type": "RunningIndexSampler"}, "dataset": dataset}


def evaluation_loader(data: dict, dataset: dict) -> dict:
    """One image at a time, in order."""
    sampler = {"type": "DefaultSampler", "shuffle": False}
    return {"batch_size": 1, "num_workers": data.get("workers_per_gpu", 1), "sampler": sampler, "dataset": dataset}


def upgrade_train(train: Any, *, ignored_target: bool = False) -> tuple[dict, dict[str, dict]]:
    """``data.train`` -> the native data set, and the normalisations by path.

    A single labelled data set becomes the source. A 'DGDataset' has a source, and may name a target that it ignores.
    """
    if type_of(train) == "DGDataset":
        checked(train, "data.train", ("type", "source", "target", "rare_class_sampling"), required=("source",))
        source, crop, normalization = labelled_crops(train["source"], "data.train.source")
        native = {"type": "UDADataset", "source": source, "source_crop": crop, **rare_classes(train)}
        return native, {"data.train.source": normalization}
    if type_of(train) != "UDADataset":
        source, crop, normalization = labelled_crops(train, "data.train")
        return {"type": "UDADataset", "source": source, "source_crop": crop}, {"data.train": normalization}
    known = ("type", "source", "target", "rare_class_sampling", "sync_crop_size")
    checked(train, "data.train", known, required=("source", "target"))
    source, source_crop, source_norm = labelled_crops(train["source"], "data.train.source")
    target, target_norm = target_options(train["target"], "data.train.target", ignored=ignored_target)
    native = {"type": "UDADataset", "source": source, "source_crop": source_crop, **target, **rare_classes(train)}
    if train.get("sync_crop_size") is not None:
        native["sync_crop_size"] = train["sync_crop_size"]
    return native, {"data.train.source": source_norm, "data.train.target": target_norm}


def rare_classes(train: dict) -> dict[str, dict]:
    """``rare_class_sampling``, where it is given."""
    if train.get("rare_class_sampling") is None:
        return {}
    known = ("min_pixels", "class_temp", "min_crop_ratio")
    return {"rare_class_sampling": checked(train["rare_class_sampling"], "data.train.rare_class_sampling", known, required=known)}


def labelled_crops(dataset: Any, path: str) -> tuple[dict, dict, dict]:
    """(data set, crop, normalisation) of a labelled training set."""
    folder = folders(dataset, path, extra=("crop_pseudo_margins",))
    accept(dataset, path, {"crop_pseudo_margins": [None]}, fix="Remove it; margins are for the target.")
    crop, normalization = training_crop(dataset["pipeline"], f"{path}.pipeline", source=True)
    return folder, crop, normalization


def target_options(dataset: Any, path: str, *, ignored: bool) -> tuple[dict, dict]:
    """(``target`` without its labels, ``target_crop`` and ``crop_pseudo_margins``; normalisation); see :func:`training_crop`."""
    folder = folders(dataset, path, extra=("crop_pseudo_margins", "valid_mask_size"))
    folder.pop("ann_dir", None)  # training cannot reach the target's labels
    crop, normalization = training_crop(dataset["pipeline"], f"{path}.pipeline", source=False, ignored=ignored)
    options = {"target": folder, "target_crop": crop}
    margins = dataset.get("crop_pseudo_margins")
    if margins is not None:
        size = dataset.get("valid_mask_size") or MASK_SIZES.get(dataset["type"])
        if size is None:
            raise UserError(f"{path}.valid_mask_size is missing for {dataset['type']}. Add the (height, width) that the margins refer to.")
        whole_numbers(margins, f"{path}.crop_pseudo_margins", 4)
        whole_numbers(size, f"{path}.valid_mask_size", 2)
        options["crop_pseudo_margins"] = scaled_margins(margins, size, crop["img_scale"])
    return options, normalization


def evaluation_dataset(dataset: Any, path: str, *, harmless: bool = False) -> tuple[dict, dict]:
    """(data set, normalisation) of ``val`` or ``test``."""
    folder = folders(dataset, path, harmless=harmless)
    scale, normalization = test_scale(dataset["pipeline"], f"{path}.pipeline")
    return {**folder, "test_scale": scale}, normalization


def folders(dataset: Any, path: str, extra: Sequence[str] = (), *, harmless: bool = False) -> dict:
    """Type, folders and list of a data set."""
    known = (*FOLDER_OPTIONS, "pipeline", *extra, *SAME_AS_OURS)
    dataset = checked(dataset, path, known, required=("type", "data_root", "img_dir", "pipeline"), harmless=harmless)
    if type_of(dataset) not in DATASET_TYPES:
        fix = suggestion(str(dataset["type"]), DATASET_TYPES) or f" Use the name of a data set: {', '.join(DATASET_TYPES)}."
        raise UserError(f"{path}.type is {dataset['type']!r}, which is not known.{fix}")
    accept(dataset, path, SAME_AS_OURS)
    return {key: value for key, value in dataset.items() if key in FOLDER_OPTIONS and (key, value) != ("split", None)}


def scaled_margins(margins: Sequence[int], mask_size: Sequence[int], img_scale: Sequence[int]) -> list[int]:
    """Margins in pixels of the resized image.

    Args:
        margins: [top, bottom, left, right] in pixels of a mask that is resized with the image.
        mask_size: (height, width) of the mask.
        img_scale: (width, height) that image and mask are resized to fit into, aspect ratio kept.
    """
    ratio = min(bound(img_scale) / bound(mask_size) for bound in (max, min))
    height, width = (int(side * ratio + 0.5) for side in mask_size)  # as keep_ratio_size
    top, bottom, left, right = margins
    return [*resized_margins(top, bottom, mask_size[0], height), *resized_margins(left, right, mask_size[1], width)]


def resized_margins(start: int, end: int, size: int, resized: int) -> tuple[int, int]:
    """Pixels of both margins of a side after nearest resizing, which takes for a pixel i the pixel floor(i * size / resized).

    In the floating point numbers of OpenCV, which decide where a margin would end exactly between two pixels.
    """
    step = 1 / (resized / size)
    taken = [math.floor(pixel * step) for pixel in range(resized)]
    return sum(pixel < start for pixel in taken), sum(pixel >= size - end for pixel in taken)


def common_normalization(normalizations: dict[str, dict]) -> dict:
    """The one normalisation; it belongs to the model, not to a data set."""
    (first, expected), *others = normalizations.items()
    for path, given in others:
        if given != expected:
            raise UserError(f"{path}.pipeline normalises by {given}, but {first}.pipeline by {expected}. Use the same mean and std.")
    return expected
