"""Pseudo-labels of many images by one network: hard ones as palette PNGs, or soft maps.

Loader workers read and resize, the network computes, threads write: each is ahead of the next by a bounded number of images.

Letters: K classes, (H, W) native size of an image.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from torch import Tensor

from mmseg.apis.predicting.writers import result_files
from mmseg.apis.preparing.label_folder import UNKNOWN, LabelHeader, new_header, open_folder
from mmseg.apis.preparing.passes import LabelOptions, large_components, loader, predictions
from mmseg.apis.preparing.thresholds import class_limits, histogram, kept, level_values, limit_of, unsure_levels
from mmseg.config.identity import canonical
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.reading.image_files import read_label_ids
from mmseg.datasets.statistics.counts_file import COUNTS_FILE, write_counts
from mmseg.models.uda import UDAMethod
from mmseg.utils.computing.background_work import BackgroundWork
from mmseg.utils.computing.progress import progress
from mmseg.utils.computing.threads import usable_cores
from mmseg.utils.errors import NotFiniteError, UserError
from mmseg.utils.products.header import HEADER
from mmseg.utils.products.soft_maps import SUFFIX, probabilities, read_soft_map, write_soft_map
from mmseg.utils.storage.files import write_json
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.space import SpaceWatch
from mmseg.visualization import write_palette_png
from mmseg.visualization.colorize import Palette

PREDICTIONS = ".predictions"
"""Folder of predictions that wait for the limits of their classes."""
THREADS = 4  # that write; compression lets others run meanwhile
WAITING = 8  # images that may wait for them


@dataclass(frozen=True)
class Task:
    """What is made where.

    Attributes:
        dataset: images without labels.
        files: of the labels, by the path of the image.
        out: folder of all labels.
        options: which labels.
        palette: RGB by train id.
    """

    dataset: Any
    files: Mapping[str, Path]
    out: Path
    options: LabelOptions
    palette: Palette

    def waiting(self, image: str) -> tuple[Path, Path]:
        """Files of the labels and the doubts of an image that wait for the limits of the classes."""
        name = self.files[image].relative_to(self.out)
        return self.out / PREDICTIONS / "labels" / name, self.out / PREDICTIONS / "doubts" / name

    def made(self, image: str) -> bool:
        """Whether the network is no longer needed for an image."""
        return self.files[image].is_file() or (self.options.class_quantile is not None and self.waiting(image)[0].is_file())

    @property
    def missing(self) -> list[int]:
        """Indices of the images that the network has still to look at."""
        return [index for index, image in enumerate(self.files) if not self.made(image)]


def settings_of(cfg: Config, method: UDAMethod, options: LabelOptions, weights: str, scales: Sequence) -> dict[str, Any]:
    """What decides the labels beside images and checkpoint, as values of JSON."""
    normalisation = (method.data_preprocessor.grey_mean, method.data_preprocessor.grey_std)
    network = json.dumps(canonical([cfg.to_dict()["model"], method.model.test_cfg, normalisation]), sort_keys=True, default=str)
    given = asdict(options)
    for name in ("native", "spatial_prior", "spatial_prior_size"):  # folders that were made before these existed
        if not given[name]:
            given.pop(name)
    if options.native or not options.soft:
        given.pop("stride")
    known = {"network": hashlib.sha256(network.encode()).hexdigest()[:8], "weights": weights, "images": scales}
    corrected = {} if method.class_bias is None else {"class_bias": method.class_bias.tolist()}
    return canonical({**given, **known, **corrected})


def make_labels(
    cfg: Config, method: UDAMethod, checkpoint: str | Path, dataset: Any, out: Path, options: LabelOptions, *, weights: str, command: str
) -> LabelHeader:
    """Makes the labels of all images that have none yet, and the header of their folder.

    Args:
        cfg: complete config.
        method: of :func:`mmseg.apis.init_model`.
        checkpoint: its file.
        dataset: of :func:`mmseg.apis.preparing.images.images_of`.
        out: folder of the labels: ``NAME.png`` or ``NAME.npz`` for the image ``NAME``, and ``header.json``.
        options: which labels.
        weights: 'model' or 'ema_model', for the header.
        command: that goes on with the work.

    Raises:
        UserError: the folder holds something else, an image is broken, or the disk is full. What is done stays.
    """
    files = {image: file.with_suffix(SUFFIX) if options.soft else file for image, file in result_files(out, dataset.images).items()}
    task = Task(dataset, files, out, options, method.palette)
    sizes = [part.test_size.declared for part in getattr(dataset, "parts", (dataset,))]
    header = new_header(checkpoint, method.classes, dataset.images.names, settings_of(cfg, method, options, weights, sizes), command)
    header = open_folder(out, header)
    missing = task.missing
    if header["complete"] and not missing and (options.soft or (out / COUNTS_FILE).is_file()):
        return header
    write_json(out / HEADER, {**header, "complete": False})
    counts: dict[str, np.ndarray] = {}
    try:
        predict_missing(cfg, method, task, missing, counts)
        if options.class_quantile is not None:
            header = apply_limits(task, header, counts)
        count_others(task, counts)
        if not options.soft:
            write_counts(out, pixels_by_file(task, counts), out)
        header = {**header, "shares": shares(header["classes"], [counts[image] for image in files]), "complete": True}
    except UserError as error:
        done = sum(file.is_file() for file in files.values())
        raise UserError(f"{error} {done} of {len(files)} pseudo-labels are done; the same command goes on.") from None
    write_json(out / HEADER, header)
    shutil.rmtree(out / PREDICTIONS, ignore_errors=True)
    return header


def predict_missing(cfg: Config, method: UDAMethod, task: Task, missing: Sequence[int], counts: dict[str, np.ndarray]) -> None:
    """Has the network look at images, and threads write what it sees.

    Args:
        cfg: whose ``val_dataloader`` says how images are loaded.
        method, task: see :func:`make_labels`.
        missing: indices of the images.
        counts: receives the pixels of every class, by the path of the image.
    """
    write, wanted = writer(task, counts), {str(task.dataset.images.path(index)) for index in missing}
    watch = SpaceWatch(task.out, len(missing))
    with BackgroundWork(threads=THREADS, waiting=WAITING) as threads:
        for path, size, result in predictions(method, loader(cfg, task.dataset, missing), task.options):
            if path in wanted:
                threads.submit(write, path, size, result)
                watch.step()


def writer(task: Task, counts: dict[str, np.ndarray]) -> Callable[[str, Sequence[int], tuple[Tensor, ...]], None]:
    """What a thread does with the result of an image: waits for the device, writes, and counts the classes."""
    options = task.options

    def write(image: str, size: Sequence[int], result: tuple[Tensor, ...]) -> None:
        *tensors, finite = (tensor.cpu() for tensor in result)
        if not finite:
            raise NotFiniteError(image)
        first = tensors[0].numpy()
        if options.spatial_prior is not None:
            first = large_components(first, options, size)
        if options.soft:
            write_soft_map(task.files[image], first)
            counts[image] = soft_pixels(probabilities(first))
        elif options.class_quantile is not None:
            label_file, doubt_file = task.waiting(image)
            write_image(doubt_file, unsure_levels(tensors[1].numpy()))
            write_image(label_file, first)  # last: it says that both are there
        else:
            write_palette_png(task.files[image], first, task.palette)
            counts[image] = np.bincount(first.ravel(), minlength=256)

    return write


def apply_limits(task: Task, header: LabelHeader, counts: dict[str, np.ndarray]) -> LabelHeader:
    """From predictions that wait to labels: finds the limit of every class over all images, unless an earlier run has found them."""
    images = [image for image, file in task.files.items() if not file.is_file()]
    if len(header.get("levels", ())) != len(header["classes"]):
        levels = quantile_limits(task, images, len(header["classes"]))
        named = zip(header["classes"], (1 - level_values(levels)).tolist(), strict=True)
        header = {**header, "limits": dict(named), "levels": levels.tolist()}
        write_json(task.out / HEADER, {**header, "complete": False})
    limits = np.array(header["levels"])

    def write(image: str) -> None:
        label_file, doubt_file = task.waiting(image)
        label = kept(read_label_ids(label_file), read_label_ids(doubt_file), limits)
        write_palette_png(task.files[image], label, task.palette)
        counts[image] = np.bincount(label.ravel(), minlength=256)

    in_threads(write, images, "Writing")
    return header


def quantile_limits(task: Task, images: Sequence[str], num_classes: int) -> np.ndarray:
    """Levels of doubt up to which pixels are kept, int64 [K], see :func:`mmseg.apis.preparing.thresholds.class_limits`."""
    total, guard = histogram(np.empty(0, np.uint8), np.empty(0, np.uint16), num_classes), threading.Lock()

    def count(image: str) -> None:
        label_file, doubt_file = task.waiting(image)
        found = histogram(read_label_ids(label_file), read_label_ids(doubt_file), num_classes)
        with guard:
            np.add(total, found, out=total)

    in_threads(count, images, "Comparing")
    limits = class_limits(total, task.options.class_quantile)
    return limits if task.options.threshold is None else np.maximum(limits, limit_of(task.options.threshold))


def count_others(task: Task, counts: dict[str, np.ndarray]) -> None:
    """Adds the pixels of the labels that an earlier run has made: they are read."""

    def count(image: str) -> None:
        file = task.files[image]
        counts[image] = soft_pixels(read_soft_map(file)) if task.options.soft else np.bincount(read_label_ids(file).ravel(), minlength=256)

    in_threads(count, [image for image in task.files if image not in counts], "Counting")


def pixels_by_file(task: Task, counts: Mapping[str, np.ndarray]) -> dict[str, dict[int, int]]:
    """{name of the label: {train id or 255: pixels}}."""
    found = {image: np.flatnonzero(counts[image]).tolist() for image in task.files}
    return {
        file.relative_to(task.out).as_posix(): {train_id: int(counts[image][train_id]) for train_id in found[image]}
        for image, file in task.files.items()
    }


def shares(classes: Sequence[str], counts: Sequence[np.ndarray]) -> dict[str, float]:
    """Percent of all pixels by class and 'unknown', from the counts [256] of every image."""
    total = np.sum(counts, axis=0)
    named = {**{name: float(total[index]) for index, name in enumerate(classes)}, UNKNOWN: float(total[IGNORE])}
    return {name: 100 * value / float(total.sum()) for name, value in named.items()}


def soft_pixels(soft: np.ndarray) -> np.ndarray:
    """Sums over a map [K, h, w] as float64 [256]."""
    return np.pad(soft.sum(axis=(1, 2), dtype=np.float64), (0, 256 - len(soft)))


def in_threads(call: Callable[[str], None], images: Sequence[str], what: str) -> None:
    """Calls for every image, on all cores, under a progress bar that says ``what``."""
    with BackgroundWork(threads=max(1, usable_cores()), waiting=WAITING) as threads:
        for image in progress(images, what) if images else ():
            threads.submit(call, image)
