"""The images that something is prepared from: those of a domain of a config, or a folder of one's own."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from mmengine.config import Config

from mmseg.datasets.base import SegmentationDataset, without_labels
from mmseg.datasets.several import SeveralDatasets
from mmseg.datasets.transforms import EvaluationRatio
from mmseg.registry import DATASETS, build_checked
from mmseg.utils.errors import UserError

Split = Literal["target", "source", "val", "test"]
SPLITS: tuple[str, ...] = get_args(Split)
"""Images of the training (of one of its domains), of the validation and of the test data of a config."""


def labelled_images_of(cfg: Config, split: str) -> SegmentationDataset | SeveralDatasets:
    """As :func:`images_of`, with labels where the data have some; a training never reads those of its target.

    Raises:
        UserError: the data of the split are missing.
    """
    return build_checked(_config(cfg, split), DATASETS)


def images_of(cfg: Config, split: str, folder: Path | None = None) -> SegmentationDataset | SeveralDatasets:
    """Images as a network looks at them, without labels, which need not exist.

    Images of a training are looked at in the size that its crops are cut from, others, and those whose size a training draws
    (``ratio_range``), in the size of an evaluation.

    Args:
        cfg: complete config.
        split: of :data:`SPLITS`.
        folder: of images of one's own, with all folders in it, in place of the split.

    Raises:
        UserError: the config has no such data, they are missing, or the folder holds no image.
    """
    if folder is not None:
        own = {key: cfg.val_dataloader.dataset.get(key) for key in ("test_scale", "test_interpolation", "depth", "range")}
        own["test_keep_ratio"] = unpadded(cfg.val_dataloader.dataset)
        given = {key: value for key, value in own.items() if value is not None}
        return build_checked({"type": "FolderDataset", "images": str(folder), **given}, DATASETS)
    return build_checked(without_labels(_config(cfg, split)), DATASETS)


def _config(cfg: Config, split: str) -> dict:
    """Config of the data set of a split."""
    if split in ("val", "test"):
        loader = cfg.val_dataloader if split == "val" else cfg.get("test_dataloader")
        if not loader:
            raise UserError("--split test: the config has no test_dataloader. Use --images FOLDER, or another split.")
        return copy.deepcopy(loader.dataset.to_dict())
    training = (cfg.get("train_dataloader") or {}).get("dataset") or {}
    if not training.get(split):
        raise UserError(f"--split {split}: the training of the config has no {split}. Use --images FOLDER, or another split.")
    dataset, crop, evaluated = copy.deepcopy(training[split].to_dict()), training[f"{split}_crop"], cfg.val_dataloader.dataset
    if crop.get("ratio_range") is None:
        look = {"test_interpolation": crop.get("interpolation", "bilinear"), "test_keep_ratio": crop.get("keep_ratio", True)}
        return _scaled(dataset, crop["img_scale"], look)
    scale = evaluated.get("test_scale")
    look = {"test_interpolation": evaluated.get("test_interpolation", "bilinear"), "test_keep_ratio": unpadded(evaluated)}
    return dataset if scale is None else _scaled(dataset, scale, look)


def unpadded(evaluated: dict) -> EvaluationRatio:
    """``test_keep_ratio`` of the data that are evaluated, for images that are labelled at their native size."""
    keep_ratio = evaluated.get("test_keep_ratio", True)
    return "fit" if keep_ratio == "pad" else keep_ratio


def _scaled(dataset: dict, scale: Sequence[Any], look: dict) -> dict:
    """The config with the size (w, h) of its images, and how they are resized; of several data sets, a size for each of them or for all."""
    if "datasets" in dataset:
        several = isinstance(scale[0], (list, tuple))
        scales = scale if several else [scale] * len(dataset["datasets"])
        return {**dataset, "datasets": [_scaled(part, own, look) for part, own in zip(dataset["datasets"], scales, strict=True)]}
    return {**dataset, "test_scale": tuple(scale), **look}
