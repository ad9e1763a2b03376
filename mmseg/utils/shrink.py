"""A config made small: the same parts, options and data pipeline, in seconds on a CPU.

Everything measured in pixels is divided by one factor, encoder and decoder become narrow and shallow, and
the folders are those of the demo domains. What stays is what a smoke test is about: types, options,
losses, methods, crops, sampling and schedules of the config.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

DEMO_FOLDERS = {
    "GTADataset": "gta",
    "SynthiaDataset": "synthia",
    "CityscapesDataset": "cityscapes",
    "ACDCDataset": "acdc",
    "DarkZurichDataset": "dark_zurich",
}
"""Folder of each data set below the demo data."""

TEST_WIDTH = 128  # pixels of a shrunk validation image, about
WIDTH = 8  # channels of the first encoder level, and of everything inside a decoder
MIT = {
    "embed_dims": [8, 16, 24, 32],
    "depths": [1, 1, 1, 1],
    "num_heads": [1, 2, 3, 4],
    "sr_ratios": [2, 1, 1, 1],  # a detail crop may have 8 pixels per side
    "mlp_ratios": [2, 2, 2, 2],
}
DECODER_WIDTHS = ("channels", "embed_dims", "embed_dim", "isa_channels", "pam_channels", "c1_channels", "attention_embed_dim")


def shrink(cfg: Config, demo_data: str | Path, iterations: int = 2) -> Config:
    """A small copy of a complete config.

    Args:
        cfg: native config of a training (:func:`mmseg.utils.config.load_config`).
        demo_data: folder that holds the demo domains in the layouts that the config needs.
        iterations: length of the training; one evaluation follows.
    """
    small = Config(cfg.to_dict())
    factor = 2 ** round(math.log2(max(small.val_dataloader.dataset.test_scale) / TEST_WIDTH))
    for loader in (small.train_dataloader, small.val_dataloader):
        loader.update(num_workers=0, batch_size=2)
    _shrink_training_data(small.train_dataloader.dataset, factor, Path(demo_data))
    _shrink_dataset(small.val_dataloader.dataset, factor, Path(demo_data))
    _shrink_model(small.model, factor)
    for key in ("pseudo_weight_ignore_top", "pseudo_weight_ignore_bottom"):
        if small.uda.get(key):
            small.uda[key] = _pixels(small.uda[key], factor)
    if "mask_generator" in small.uda:
        small.uda.mask_generator.mask_block_size = _pixels(small.uda.mask_generator.mask_block_size, factor)
    small.train_cfg.update(max_iters=iterations, val_interval=iterations)
    return small


def _pixels(value: int | Sequence[int], factor: int) -> int | list[int]:
    if isinstance(value, (list, tuple)):
        return [_pixels(single, factor) for single in value]
    return max(1, round(value / factor)) if value else 0


def _shrink_training_data(dataset: dict, factor: int, demo_data: Path) -> None:
    for name in ("source", "target"):
        if dataset.get(name):
            _shrink_dataset(dataset[name], factor, demo_data)
            crop = dataset[f"{name}_crop"]
            crop.update(img_scale=_pixels(crop.img_scale, factor), crop_size=_pixels(crop.crop_size, factor), pad=True)
    for key in ("crop_pseudo_margins", "sync_crop_size"):
        if dataset.get(key):
            dataset[key] = _pixels(dataset[key], factor)
    if dataset.get("rare_class_sampling"):
        dataset.rare_class_sampling.min_pixels = 2


def _shrink_dataset(dataset: dict, factor: int, demo_data: Path) -> None:
    dataset["data_root"] = str(demo_data / DEMO_FOLDERS[dataset["type"]])
    if dataset.get("test_scale"):
        dataset["test_scale"] = _pixels(dataset["test_scale"], factor)


def _shrink_model(model: dict, factor: int) -> None:
    model["pretrained"] = None
    widths = _shrink_encoder(model["backbone"])
    for name in ("decode_head", "auxiliary_head"):
        if model.get(name):
            _shrink_head(model[name], widths)
    if "hr_crop_size" in model:
        model["hr_crop_size"] = _pixels(model["hr_crop_size"], factor)
    for key in ("crop_size", "stride"):
        if key in model.get("test_cfg", {}):
            model["test_cfg"][key] = _pixels(model["test_cfg"][key], factor)


def _shrink_encoder(backbone: dict) -> list[int]:
    """Replaces the size of an encoder in place; returns the channels of its four levels."""
    kind = backbone["type"]
    if kind.startswith("mit_b") or kind == "MixVisionTransformer":
        backbone.clear()
        backbone.update(type="MixVisionTransformer", qkv_bias=True, **MIT)
        return MIT["embed_dims"]
    backbone.update(depth=50, base_channels=WIDTH)
    if "stem_channels" in backbone or kind == "ResNetV1c":
        backbone["stem_channels"] = WIDTH
    if "groups" in backbone:
        backbone["groups"] = 2
    return [WIDTH * 4 * 2**level for level in range(4)]


def _shrink_head(head: dict, widths: Sequence[int]) -> None:
    index = head["in_index"]
    head["in_channels"] = widths[index] if isinstance(index, int) else [widths[level] for level in index]
    if "c1_in_channels" in head:
        head["c1_in_channels"] = widths[0]
    if head["type"] == "HRDAHead":
        head["attention_embed_dim"] = WIDTH
    _narrow(head)


def _narrow(options: dict) -> None:
    """Sets every width that an option names, at any depth."""
    for key, value in options.items():
        if key in DECODER_WIDTHS and isinstance(value, int):
            options[key] = WIDTH
        elif isinstance(value, dict):
            _narrow(value)
