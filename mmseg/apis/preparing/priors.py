"""How many images of the source and of the target show each class, counted for a correction of priors.

Of the source the class statistics of its labels tell; the target is looked at once by a network, and nothing but K counts is kept of it.
Where the target has labels, they can be counted instead, to see how far an estimate is off.

Letters: B images, K classes, (H, W) size at which the network sees an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from mmseg.apis.preparing.label_folder import run_digest
from mmseg.apis.preparing.passes import groups, loader
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.sampling.class_aware_sampling import ClassAwareOptions, draw_class_aware_list, image_level_counts
from mmseg.datasets.several import SeveralDatasets
from mmseg.datasets.statistics.class_priors import PriorsFile, image_scores, shown_in_target, source_counts
from mmseg.models.uda import UDAMethod
from mmseg.registry import DATASETS, build_checked
from mmseg.structures.batches import LABELS
from mmseg.utils.computing.finite import check_finite
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError, naming
from mmseg.utils.products.header import VERSION, images_digest
from mmseg.utils.randomness import derive_seed
from mmseg.utils.storage.checksums import file_hash


def source_of(cfg: Config) -> SegmentationDataset | SeveralDatasets:
    """The labelled source of the training of a config.

    Raises:
        UserError: there is none, or its data are missing.
    """
    training = (cfg.get("train_dataloader") or {}).get("dataset") or {}
    if not training.get("source"):
        raise UserError("The config has no train_dataloader.dataset.source, whose labels are counted. Use the config of a training.")
    return build_checked(training["source"].to_dict(), DATASETS)


def count_source(cfg: Config, source: SegmentationDataset | SeveralDatasets, *, min_pixels: int, as_drawn: bool) -> dict[str, Any]:
    """The section 'source' of a file of priors.

    Args:
        cfg: complete config.
        source: of :func:`source_of`.
        min_pixels: an image shows a class with more pixels than this, at the native size of its label.
        as_drawn: count the images that the class-aware sampling of the config draws, each as often as it does; as published, every
            image counts once, whatever is drawn.

    Raises:
        UserError: class statistics are missing, the config does not sample by classes, or no image shows a class.
    """
    statistics, classes = source.class_statistics(), len(source.classes)
    chosen: np.ndarray = np.arange(len(source))
    if as_drawn:
        options = cfg.train_dataloader.dataset.get("class_aware_sampling")
        if options is None:
            raise UserError("--as-drawn counts what class_aware_sampling draws, which the config does not have. Leave it out.")
        checked = build_checked({"type": ClassAwareOptions, **options}, DATASETS)
        chosen = draw_class_aware_list(source, checked, derive_seed(cfg.seed, "class-aware list"))
    counts = image_level_counts(chosen, statistics.files, classes, min_pixels)
    if not counts.any():
        raise UserError("No image of the source shows any class, so there is no prior. Use a lower --min-pixels, or correct its labels.")
    pixels = np.array([statistics.pixels.get(train_id, 0) for train_id in range(classes)], np.float64)
    return {
        "counts": counts.tolist(),
        "pixel_frequency": (pixels / pixels.sum()).tolist(),
        "min_pixels": min_pixels,
        "images": len(chosen),
        "as_drawn": as_drawn,
    }


@torch.no_grad()
def count_target(cfg: Config, method: UDAMethod, dataset: Any, pixel_frequency: list[float]) -> dict[str, Any]:
    """The section 'target' of a file of priors, from one pass over its images.

    Args:
        cfg: complete config, whose ``val_dataloader`` says how images are loaded.
        method: of :func:`mmseg.apis.init_model`.
        dataset: of :func:`mmseg.apis.preparing.images.images_of`.
        pixel_frequency: of the source [K]; what a score has to be above.

    Raises:
        NotFiniteError: the network gives NaN for an image.
    """
    counts, sizes = torch.zeros(method.model.num_classes, dtype=torch.int64), set()
    for batch in progress(loader(cfg, dataset, range(len(dataset)))):
        for images, paths, _ in groups(batch["image"], batch["path"], batch["native_size"]):
            with naming(paths[0]):
                logits = method.model.enlarge(method.model.inference(method.data_preprocessor.image(images)), images.shape[2:])
                scores = image_scores(logits)
                check_finite(scores)
            counts += shown_in_target(scores, pixel_frequency).sum(dim=0).cpu()
            sizes.add(tuple(images.shape[2:]))
    return {"counts": counts.tolist(), "sizes": sorted(map(list, sizes))[:8]}


def label_counts(dataset: SegmentationDataset | SeveralDatasets, min_pixels: int) -> list[int]:
    """How many labels show each class with more than ``min_pixels`` pixels [K]: of the target, the *true* counts.

    Args:
        dataset: of :func:`mmseg.apis.preparing.images.labelled_images_of`.
        min_pixels: as of :func:`count_source`.
    """
    pixels = np.stack([np.bincount(dataset.read_label(index).ravel(), minlength=LABELS) for index in progress(range(len(dataset)))])
    return source_counts(pixels[:, : len(dataset.classes)], min_pixels).tolist()


def make_priors(
    cfg: Config,
    method: UDAMethod,
    checkpoint: str | Path,
    dataset: Any,
    *,
    source: SegmentationDataset | SeveralDatasets,
    options: Mapping[str, Any],
    command: str,
) -> PriorsFile:
    """The content of a file of priors.

    Args:
        cfg, method, dataset: see :func:`count_target`.
        checkpoint: its file.
        source: of :func:`source_of`.
        options: of :func:`count_source`, whether the target's labels are counted, and what else the command was asked for.
        command: that makes it again.

    Raises:
        UserError: source and network have other classes, or one of both domains shows no class.
    """
    classes = tuple(source.classes)
    if tuple(method.classes) != classes:
        text = f"The source has the classes {', '.join(classes)}, and the network {', '.join(method.classes)}"
        raise UserError(f"{text}. Use the config that it was trained with.")
    known = {key: options[key] for key in ("min_pixels", "as_drawn")}
    counted = count_source(cfg, source, **known)
    if options["target_labels"]:
        found = {"counts": label_counts(dataset, options["min_pixels"])}
    else:
        found = count_target(cfg, method, dataset, counted["pixel_frequency"])
    if not sum(found["counts"]):
        raise UserError("No image of the target shows any class, so there is no prior. Use the checkpoint of a finished adaptation.")
    return {
        "version": VERSION,
        "kind": "priors",
        "made_by": command,
        "digest": run_digest(checkpoint),
        "checkpoint": file_hash(checkpoint),
        "classes": list(classes),
        "images": len(dataset),
        "images_digest": images_digest(dataset.images.names),
        "complete": True,
        "settings": dict(options),
        "source": counted,
        "target": found,
    }
