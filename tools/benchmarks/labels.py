"""Throughput of pseudo-labels against that of the bare forward passes of the same images, in turn in one run."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.device import get_device
from rich.table import Table
from torch import Tensor

from mmseg.apis.predicting.inference import init_model
from mmseg.apis.predicting.writers import result_files
from mmseg.apis.preparing.images import images_of
from mmseg.apis.preparing.passes import LabelOptions, loader
from mmseg.apis.preparing.pseudo_labels import Task, predict_missing
from mmseg.models.uda import UDAMethod
from mmseg.utils.products.soft_maps import SUFFIX
from tools.benchmarks.data import IMAGES, demo_options, surroundings
from tools.benchmarks.settings import config_of


def measure_labels(
    config: str, options: Mapping[str, object], chosen: LabelOptions, *, images: int, rounds: int, cache: Path, scenes: int
) -> dict:
    """Makes pseudo-labels of demo scenes as large as Cityscapes, and shows the network the same images that lie on its device already.

    Args:
        config: file; its networks start from random weights.
        options: overrides of the config by dotted key.
        chosen: which labels.
        images: per round.
        rounds: the figures are medians over them.
        cache: where the scenes are kept.
        scenes: different ones, which are repeated.

    Returns:
        ``bare`` and ``labels`` in images per second, ``share`` = labels / bare, and ``share_spread`` of the rounds.
    """
    cfg = config_of(config, options)
    demo_options({}, cache, scenes)
    device = get_device()
    method = init_model(cfg, None, device)
    with tempfile.TemporaryDirectory() as folder:
        repeated(sorted((cache / "cityscapes").glob(IMAGES["cityscapes"])), images, Path(folder) / "images")
        dataset = images_of(cfg, "target", Path(folder) / "images")
        batch = next(iter(loader(cfg, dataset, range(min(images, cfg.val_dataloader.batch_size)))))["image"]
        batch = (batch if isinstance(batch, Tensor) else batch[0][None]).to(device)
        measured = []
        for turn in range(rounds + 1):  # the first one warms up
            out = Path(folder) / "labels"
            bare = bare_speed(method, batch, chosen.flip, images)
            made = label_speed(cfg, method, dataset, out, chosen)
            measured += [(bare, made)] if turn else []
            shutil.rmtree(out)
    shares = [made / bare for bare, made in measured]
    return {
        "bare": statistics.median(bare for bare, _ in measured),
        "labels": statistics.median(made for _, made in measured),
        "share": statistics.median(shares),
        "share_spread": [min(shares), max(shares)],
        "size": list(batch.shape[2:]),
        "batch": len(batch),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "images": images,
        "rounds": rounds,
        "config": config,
        "environment": surroundings(),
    }


def repeated(scenes: list[Path], count: int, folder: Path) -> None:
    """Links a number of images to a few files."""
    folder.mkdir()
    for number in range(count):
        scene = scenes[number % len(scenes)]
        os.symlink(scene.absolute(), folder / f"{number:05d}{scene.suffix}")


@torch.no_grad()
def bare_speed(method: UDAMethod, batch: Tensor, flip: bool, images: int) -> float:
    """Images per second of passes over a batch uint8 [B, 3, h, w] on the device."""
    begin, seen = time.perf_counter(), 0
    while seen < images:
        method.looks(batch, flip=flip or None)
        seen += len(batch)
    if batch.is_cuda:
        torch.cuda.synchronize()
    return seen / (time.perf_counter() - begin)


def label_speed(cfg: Config, method: UDAMethod, dataset: object, out: Path, options: LabelOptions) -> float:
    """Images per second of pseudo-labels, from the start of the loader's workers to the last whole file."""
    files = {image: file.with_suffix(SUFFIX) if options.soft else file for image, file in result_files(out, dataset.images).items()}
    task = Task(dataset, files, out, options, method.palette)
    begin = time.perf_counter()
    predict_missing(cfg, method, task, range(len(dataset)), {})
    return len(dataset) / (time.perf_counter() - begin)


def labels_table(result: dict) -> Table:
    """The figures in one table."""
    height, width = result["size"]
    caption = f"{result['config']} on {result['device']}, torch {result['environment']['torch']}, images seen as {width}x{height}"
    view = Table("", "images per second", caption=caption)
    view.add_row("bare forward passes", f"{result['bare']:.2f}")
    view.add_row("pseudo-labels", f"{result['labels']:.2f}")
    view.add_row("  share", "{:.1%} ({:.1%} to {:.1%})".format(result["share"], *result["share_spread"]))
    return view
