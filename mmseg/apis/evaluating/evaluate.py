"""Evaluating a checkpoint and writing what it predicts.

Letters: B images, K classes, (H0, W0) native size.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dist import get_dist_info
from torch.utils.data import DataLoader

from mmseg.apis.predicting.inference import class_probabilities, mean_outputs
from mmseg.apis.predicting.passes import counted_passes, encoder_work
from mmseg.apis.predicting.writers import Writer, result_files
from mmseg.config.config import native_form, read_config
from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.sections import check_sections
from mmseg.datasets.base import without_labels
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.datasets.several import SeveralImageFiles
from mmseg.engine.checkpoints.trained_for import check_order
from mmseg.engine.parts import build_loader, build_loader_config
from mmseg.evaluation import IoUMetric
from mmseg.evaluation.image_counts import ImageCounts
from mmseg.evaluation.trust.record import TrustRecord
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.base import top_probability
from mmseg.registry import DATASETS, METRICS
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import UserError, naming
from mmseg.utils.storage.images import write_image
from mmseg.utils.storage.space import SpaceWatch
from mmseg.visualization import heat


@dataclass(frozen=True)
class Evaluation:
    """The outcome of one pass over the data.

    Attributes:
        images: their number.
        metrics: percent by name (see :class:`mmseg.evaluation.IoUMetric`); empty without labels.
        confusion: int64 [K, K] pixel counts, rows are true classes; None without labels.
        conditions: the same for the images of each weather condition, by its name; empty where images have none.
        absent: classes that the source lacks, and ``eval_absent``: what became of their pixels.
        work: what went through the encoder, see :func:`mmseg.apis.predicting.passes.encoder_work`; empty if not counted.
        trust: counts by confidence of all images and of each weather condition, see :class:`mmseg.evaluation.trust.record.TrustRecord`;
            empty if not counted.
        counts: pixels of each image by class; None without labels, and of a part of the images.
    """

    images: int
    metrics: dict[str, float]
    confusion: np.ndarray | None
    conditions: Mapping[str, Evaluation] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    eval_absent: str | None = None
    work: Mapping[str, float | dict] = field(default_factory=dict)
    trust: Mapping[str, np.ndarray] = field(default_factory=dict)
    counts: ImageCounts | None = None

    @property
    def absent_note(self) -> str:
        """What became of the pixels of classes that the source lacks, in one line; empty if it lacks none."""
        if not self.absent:
            return ""
        fate = {"penalise": "count against the predicted class", "ignore": "are left out"}[self.eval_absent]
        return f"Not in the source: {', '.join(self.absent)}; their pixels {fate} (eval_absent='{self.eval_absent}')"


def evaluation_loader(cfg: Config, *, test_set: bool = False, labels: bool = True) -> DataLoader:
    """The data that a config is evaluated on.

    Args:
        cfg: complete config.
        test_set: the test split: ``test_dataloader`` if the config has one, else the validation data with every
            folder ``val`` replaced by ``test``. A split without any label file counts as unlabelled.
        labels: False never looks for labels.

    Raises:
        UserError: data are missing, or the config names no split that could be replaced.
    """
    loader = copy.deepcopy(cfg.val_dataloader)
    if test_set:
        loader = copy.deepcopy(cfg.get("test_dataloader")) or as_test_split(loader)
    dataset = loader["dataset"]
    if not labels or (test_set and dataset.get("ann_dir") and not has_label_files(dataset)):
        loader["dataset"] = without_labels(dataset)
    return build_loader(build_loader_config(loader))


def target_loaders(targets: Sequence[str], scale: float | None = None) -> dict[str, DataLoader]:
    """The validation data of several configs, by name, for one network on several targets.

    Args:
        targets: files with a ``val_dataloader``, such as those in ``configs/_base_/datasets``; ``NAME=FILE`` gives one
            another name than that of its file.
        scale: share of the full resolution that the network was trained at; None takes that of each file.

    Raises:
        UserError: a file is missing or has no ``val_dataloader``, two have one name, or data are missing.
    """
    loaders = {}
    for target in targets:
        name, path = target_name(target), target.rpartition("=")[2]
        if name in loaders:
            raise UserError(f"--targets: two are called '{name}'. Write NAME=FILE for one of them.")
        cfg = native_form(read_config(path), path, training=False)
        if "val_dataloader" not in cfg:
            fix = "Give files such as configs/_base_/datasets/bdd100k_val.py."
            raise UserError(f"--targets {target}: {path} has no val_dataloader. {fix}")
        check_sections(cfg, path, training=False)
        if scale is not None:
            cfg.scale = scale
        resolve_sizes(cfg)
        loaders[name] = build_loader(build_loader_config(cfg.val_dataloader))
    return loaders


def target_name(target: str) -> str:
    """``NAME`` of ``NAME=FILE``, else the name of the file without its suffix."""
    name, _, path = target.rpartition("=")
    return name or Path(path).stem


def as_test_split(loader: dict) -> dict:
    """The loader config with the folder ``test`` in place of ``val`` in ``img_dir`` and ``ann_dir``."""
    dataset = loader["dataset"]
    if dataset.get("split"):
        given = f"val_dataloader reads the list {dataset['split']}, and which images are the test split is not known"
        raise UserError(f"--test-set: {given}. Add a test_dataloader to the config.")
    if "val" not in Path(dataset.get("img_dir", "")).parts:
        given = f"val_dataloader reads img_dir={dataset.get('img_dir')!r}, which has no folder 'val' to replace by 'test'"
        raise UserError(f"--test-set: {given}. Add a test_dataloader to the config.")
    for key in ("img_dir", "ann_dir"):
        if dataset.get(key):
            dataset[key] = str(Path(*("test" if part == "val" else part for part in Path(dataset[key]).parts)))
    return loader


def has_label_files(dataset: dict) -> bool:
    """Whether any image of a dataset config has its label file."""
    images = DATASETS.build(without_labels(dataset))
    folder = images.find_label_folder(Path(dataset["data_root"]) / dataset["ann_dir"])
    return any((folder / name).is_file() for name in images.label_names)


def own_share(images: int) -> range:
    """The images of this process, in one of several processes: every n-th."""
    rank, processes = get_dist_info()
    return range(rank, images, processes)


def predictions(
    method: UDAMethod, loader: DataLoader, *, branch: str | None = None, augment: bool = False, confidence: bool = False
) -> Iterator[dict]:
    """Predicts the images of a loader, in one of several processes its share; see :meth:`UDAMethod.test_step` for the samples.

    Args:
        method: of :func:`mmseg.apis.init_model`.
        loader: of :func:`evaluation_loader`.
        branch: 'LR' or 'HR' for the context or the detail prediction of HRDA alone.
        augment: average over scales and mirror images, all made from the native image.
        confidence: whether the samples say how sure the network is.
    """
    if not augment:
        for batch in progress(loader):
            yield from method.test_step(batch, branch=branch, confidence=confidence)
        return
    dataset = loader.dataset
    for index in progress(own_share(len(dataset))):
        path, known = dataset.images.path(index), {}
        image = native_photo(dataset.images, index)
        if dataset.labelled:
            label = dataset.read_label(index)
            dataset.check_same_size(index, image, label)
            known["label"] = torch.from_numpy(label)
        with naming(path):
            probabilities = class_probabilities(method, image, branch=branch, augment=True)
        if getattr(dataset, "conditions", None):
            known["condition"] = dataset.conditions[index]
        if confidence:
            known["confidence"] = top_probability(probabilities, are_logits=False)  # which have the temperature already
        yield {"path": str(path), "prediction": probabilities.argmax(dim=0).to(torch.uint8), **known}


def evaluate(
    method: UDAMethod,
    loader: DataLoader,
    metric: dict,
    *,
    branch: str | None = None,
    augment: bool = False,
    trust: bool = False,
    writers: Sequence[Writer] = (),
    confidence: bool = False,
) -> Evaluation:
    """IoU and accuracy of a network, and files of what it predicts; several processes share the images, and all have the result.

    Args:
        method, loader, branch, augment: see :func:`predictions`.
        metric: config of :class:`mmseg.evaluation.IoUMetric`.
        trust: also count how sure the network is of what is right and wrong.
        writers: called for every image.
        confidence: whether a writer takes how sure the network is.

    Raises:
        UserError: the network and the data have other numbers of classes; a file is missing or broken.
    """
    scores = METRICS.build(metric)
    scores.dataset_meta = loader.dataset.metainfo
    check_classes(method.model.num_classes, method.classes, scores.classes)
    record = TrustRecord(len(loader.dataset), scores.ignore_index) if trust and loader.dataset.labelled else None
    count = 0
    with counted_passes(method.model) as passes:
        for sample in predictions(method, loader, branch=branch, augment=augment, confidence=confidence or record is not None):
            count += 1
            if loader.dataset.labelled:
                scores.process(None, [sample])
            if record is not None:
                record.add(sample)
            sure = sample["confidence"].cpu().numpy() if confidence else None
            for write in writers:
                write(sample["path"], sample["prediction"].cpu().numpy(), sure)
    scores.results = scores.gather(len(loader.dataset))
    evaluation = evaluation_of(scores) if loader.dataset.labelled else Evaluation(len(loader.dataset), {}, None)
    trusted = record.gather() if record is not None else {}
    return replace(evaluation, work=encoder_work(passes, max(count, 1)), trust=trusted)  # a process may have no image


def evaluation_of(scores: IoUMetric) -> Evaluation:
    """What a metric has counted."""
    results = scores.results
    images = Counter(entry.condition for entry in results)
    conditions = {
        name: Evaluation(images[name], scores.scores(confusion), confusion) for name, confusion in scores.conditions(results).items()
    }
    metrics, confusion = scores.compute_metrics(results), scores.confusion(results)
    fate = scores.eval_absent if scores.absent else None
    return Evaluation(len(results), metrics, confusion, conditions, scores.absent, fate, counts=scores.image_counts(results))


def check_classes(count: int, names: Sequence[str], classes: Sequence[str]) -> None:
    """Refuses a network of ``count`` outputs, called ``names``, for data with another number of classes, or in another order."""
    if count != len(classes):
        fix = "Evaluate it on data with the classes that it was trained for."
        raise UserError(f"The network of the config predicts {count} classes, but the data have {len(classes)}. {fix}")
    check_order(names, classes, "The network of the config works", "the data", "Give the data set this order (classes=[…]).")


def native_photo(images: ImageFiles | SeveralImageFiles, index: int) -> np.ndarray:
    """An image of a data set at its native size: uint8 RGB [H, W, 3]."""
    return np.ascontiguousarray(images.read(index)[..., ::-1])


def write_attention(method: UDAMethod, loader: DataLoader, folder: Path) -> int:
    """Writes the scale attention of every image as a heat map, in one of several processes of its share; returns their number.

    The map is the attention weighted by the predicted class probabilities, from 0 (context) to 1 (detail).
    """
    images = loader.dataset.images
    files, share = result_files(folder, images), own_share(len(images))
    watch = SpaceWatch(folder, len(share))
    for index in progress(share):
        path = images.path(index)
        with naming(path):
            attention = mean_outputs(method, native_photo(images, index), ["ATT"])["ATT"]
        colors = heat(attention[0].clamp(0, 1).cpu().numpy())
        write_image(files[str(path)], np.ascontiguousarray(colors[..., ::-1]))
        watch.step()
    return len(images)
