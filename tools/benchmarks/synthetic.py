"""Batches of the shapes that a training and an evaluation have, without data.

Letters: B images, K classes, (H, W) crop or test image.
"""

from __future__ import annotations

import torch
from mmengine.config import Config
from torch import Tensor

from mmseg.datasets.choosing.labeled import labeled_config
from mmseg.datasets.classes.names import IGNORE
from mmseg.engine.parts import asks_for_labels
from mmseg.utils.errors import UserError

LABELLED = 0.022
"""Share of the target's pixels that a training which asks for labels has in the end: that of RIPU."""
BLOCK = 32
"""Pixels per side of a region of one class: things fill cells of the feature distance, as in photos."""


def training_batch(cfg: Config, classes: int) -> dict:
    """A collated loader sample of a training: see :class:`mmseg.datasets.UDADataset`.

    Images are noise, labels blocks of the K classes with a border of 255. It is the same in every call and lies in
    pinned memory where there is a GPU, as what the loader sends.

    Args:
        cfg: complete config.
        classes: K.
    """
    loader, rng = cfg.train_dataloader, torch.Generator().manual_seed(0)
    dataset, count = loader.dataset, loader.batch_size
    source = domain(rng, count, dataset.source_crop.crop_size)
    batch = {"source": {**source, "label": block_labels(rng, count, dataset.source_crop.crop_size, classes)}}
    if labeled_config(dataset.get("target")):
        labels = block_labels(rng, count, dataset.target_crop.crop_size, classes)
        batch["labeled"] = {**domain(rng, count, dataset.target_crop.crop_size), "label": labels}
    if dataset.get("target") and dataset.get("unlabeled") != "none":
        batch["target"] = domain(rng, count, dataset.target_crop.crop_size)
        if dataset.get("crop_pseudo_margins") or dataset.get("target_margins"):
            batch["target"]["valid"] = torch.ones(count, *dataset.target_crop.crop_size, dtype=torch.uint8)
        if asks_for_labels(cfg):
            batch["target"] |= few_labels(rng, count, dataset.target_crop.crop_size, classes)
    return pinned(batch)


def few_labels(rng: torch.Generator, count: int, size: tuple[int, int], classes: int) -> dict[str, Tensor]:
    """``annotation`` uint8 [B, H, W], of which a share of :data:`LABELLED` is labelled, and ``round`` int64 [B]."""
    known = torch.rand(count, *size, generator=rng) < LABELLED
    return {
        "annotation": torch.where(known, block_labels(rng, count, size, classes), IGNORE),
        "round": torch.ones(count, dtype=torch.int64),
    }


def domain(rng: torch.Generator, count: int, size: tuple[int, int]) -> dict[str, Tensor]:
    """``image`` uint8 [B, 3, H, W] and ``size`` int64 [B, 2], the (H, W) before padding."""
    image = torch.randint(256, (count, 3, *size), generator=rng, dtype=torch.uint8)
    return {"image": image, "size": torch.tensor(tuple(size)).repeat(count, 1)}


def block_labels(rng: torch.Generator, count: int, size: tuple[int, int], classes: int) -> Tensor:
    """Labels of blocks: uint8 [B, H, W] below K, 255 at the border."""
    rows, columns = (-(-side // BLOCK) for side in size)
    blocks = torch.randint(classes, (count, rows, columns), generator=rng, dtype=torch.uint8)
    label = blocks.repeat_interleave(BLOCK, 1).repeat_interleave(BLOCK, 2)[:, : size[0], : size[1]].contiguous()
    label[:, :, 0] = IGNORE
    return label


def validation_sample(cfg: Config) -> dict:
    """A collated validation sample of one image at the config's test scale, which is its native size as well.

    Raises:
        UserError: the config leaves the images at their native sizes.
    """
    scale = cfg.val_dataloader.dataset.get("test_scale")
    if not scale:
        fix = "Give --cfg-options val_dataloader.dataset.test_scale=[2048,1024]"
        raise UserError(f"val_dataloader.dataset has no test_scale, so the size of an image to predict is not known. {fix}.")
    size = (min(scale), max(scale))
    image = domain(torch.Generator().manual_seed(0), 1, size)["image"]
    return pinned({"image": image, "native_size": torch.tensor([size]), "path": ["synthetic.png"]})


def pinned(batch: dict) -> dict:
    """The same with its tensors in pinned memory where there is a GPU; the loader does the same."""
    if not torch.cuda.is_available():
        return batch
    return {key: pinned(value) if isinstance(value, dict) else _pin(value) for key, value in batch.items()}


def _pin(value: object) -> object:
    return value.pin_memory() if isinstance(value, Tensor) else value
