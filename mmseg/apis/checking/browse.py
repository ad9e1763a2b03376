"""What a network sees in training: the crops of the loader, and what the step makes of them.

Without a checkpoint, no network is built: mixing, augmentation and masks depend on the seed, the iteration and the
source labels alone, so they are those of a real training. Only pseudo-labels need a teacher. A method that asks its networks for
more than that is not built; the crops of the loader are those of its training.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmseg.datasets import UDADataset
from mmseg.datasets.annotating.maps import AnnotationMaps
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.collate import collate_samples
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.weights import load_method
from mmseg.engine.parts import asks_for_labels
from mmseg.models.data_preprocessor import preprocessor_options
from mmseg.models.uda import UDAMethod
from mmseg.models.uda.augmentation.replay import replay_strong
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels, ignore_invalid
from mmseg.models.uda.pseudo_labels.margins import IgnoreRows, ignore_rows
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.weights.facts import encoder_facts
from mmseg.registry import DATASETS, MODELS, check_component
from mmseg.structures import SegOutput, UDABatch, View, full_box
from mmseg.utils.randomness import Streams
from mmseg.visualization.colorize import Palette, denormalize
from mmseg.visualization.pictures.training_sample import Look, TrainingSample

STRIDE = 32  # of the blank network's predictions; they are never looked at


class BlankNetwork(nn.Module):
    """Stands in the place of a student and says nothing: a step with it costs no more than its augmentation.

    Args:
        num_classes: K.
    """

    auxiliary_head = None
    embedding_channels = 1  # of a map that no objective looks at

    def __init__(self, *, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes

    def forward(self, image: Tensor, rng: np.random.Generator | None = None) -> SegOutput:
        """Zero logits for [B, 3, H, W]."""
        height, width = image.shape[2:]
        logits = image.new_zeros(len(image), self.num_classes, -(-height // STRIDE), -(-width // STRIDE))
        view = View(name="full", image=image, scale=1, box=full_box(height, width), features=(), logits=logits)
        return SegOutput(logits=logits, views=(view,))

    def loss(self, output: SegOutput, label: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
        """No losses."""
        return {}


@dataclass(frozen=True)
class Browser:
    """What draws training samples.

    Attributes:
        dataset: of the training.
        method: the method of the config.
        batch_size: B.
        labels: whether the method has teachers that can label the target.
    """

    dataset: UDADataset
    method: UDAMethod
    batch_size: int
    labels: bool

    @property
    def palette(self) -> Palette:
        return self.dataset.metainfo["palette"]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.metainfo["classes"]

    def samples(self, number: int) -> Iterator[TrainingSample]:
        """The first ``number`` samples of a training with this seed, in their batches."""
        for iteration in range(-(-number // self.batch_size)):
            indices = range(iteration * self.batch_size, (iteration + 1) * self.batch_size)
            loaded = [self.dataset[index] for index in indices]
            batch = self.method.data_preprocessor.batch(collate_samples(loaded))
            records = self.records(batch, iteration)
            for position, (index, sample) in enumerate(zip(indices, loaded, strict=True)):
                if index < number:
                    drawn = self.dataset.number_of_draw(index, sample.get("skipped", 0))
                    yield self.sample(index, drawn, position, batch, records)

    @torch.no_grad()
    def records(self, batch: UDABatch, iteration: int) -> Mapping[str, Tensor]:
        """What the objectives of a step record about a batch, as far as no student has to look at it: [B, ...] by name."""
        step = self.method.context(batch, iteration)
        step.student = BlankNetwork(num_classes=len(self.classes))
        if not self.labels:
            step.pseudo.update({teacher: unknown_labels(batch, teacher) for teacher in self.method.teachers})
        elif self.method.teachers:
            step.pseudo_labels(self.method.teachers[0])
        for objective in self.method.objectives.values():
            if getattr(objective, "blind", False):
                objective(step)
        return step.logs.records

    def sample(self, index: int, drawn: int, position: int, batch: UDABatch, records: Mapping[str, Tensor]) -> TrainingSample:
        """One sample of a batch for drawing; ``drawn`` is the running number of the one that stands in for a bad one."""
        source, _, *others = self.dataset.files(drawn)
        target = others[: self.dataset.target is not None]
        values = {
            "source_image": batch.source_image,
            "source_label": batch.source_label,
            "target_image": batch.target_image,
            "target_label": records.get("pseudo_label"),
            "target_weight": records.get("pseudo_weight"),
            "labeled_image": batch.labeled_image,
            "labeled_label": batch.labeled_label,
            **earlier_labels(batch),
            **{key: value for key, value in records.items() if key.startswith(("mixed_", "masked_"))},
        }
        single = {key: value[position].cpu().numpy() for key, value in values.items() if value is not None}
        return TrainingSample(
            index=index,
            names=tuple(file.name for file in (source, *target)),
            rare_class=self.dataset.draw_source_file(Streams(self.dataset.seed, drawn))[0],
            **{name: self.look(single, name) for name in ("source", "target", "earlier", "strong", "labeled", "mixed", "masked")},
            valid=None if batch.target_valid is None else batch.target_valid[position].cpu().numpy() > 0,
        )

    def look(self, values: Mapping[str, np.ndarray], name: str) -> Look | None:
        """The crop ``name`` with its label and weight, from values of one sample by name."""
        if f"{name}_image" not in values:
            return None
        normalization = self.method.data_preprocessor
        image = denormalize(values[f"{name}_image"], normalization.grey_mean, normalization.grey_std)
        label = values.get(f"{name}_label")
        return Look(image, None if label is None else label.astype(np.uint8), values.get(f"{name}_weight"))


def earlier_labels(batch: UDABatch) -> dict[str, Tensor]:
    """Pseudo-labels of an earlier stage and the strong view, bent as it was: [B, ...] by the names that :meth:`Browser.look` takes."""
    values: dict[str, Tensor] = {}
    if batch.target_soft is not None:
        weight, label = batch.target_soft.max(dim=1)
        values |= {"earlier_label": label.masked_fill(weight == 0, IGNORE), "earlier_weight": weight}  # padded
    if batch.target_label is not None:
        values = {"earlier_label": batch.target_label}
    if values:
        values["earlier_image"] = batch.target_image
    if batch.target_strong is not None:
        values["strong_image"] = batch.target_strong
        bent = {"geometry": batch.target_geometry, "stride": 1, "published_quirks": False}
        if "earlier_label" in values:
            values["strong_label"] = replay_strong(values["earlier_label"][:, None], fill=IGNORE, **bent)[:, 0]
    return values


def unknown_labels(batch: UDABatch, teacher: Teacher) -> PseudoLabels:
    """In the place of pseudo-labels: 255 everywhere, and the weight that a teacher which is sure of everything would give."""
    images = batch.target_image
    shape = (len(images), *images.shape[2:])
    sure = images.new_ones(shape)
    pseudo = PseudoLabels(images.new_full(shape, IGNORE, dtype=torch.long), sure, sure, images.new_ones(()))
    for stage in teacher.stages:
        if isinstance(stage, IgnoreRows):
            pseudo = ignore_rows(pseudo, stage.top, stage.bottom)
    return pseudo if batch.target_valid is None else ignore_invalid(pseudo, batch.target_valid)


def unseen(cfg: Config) -> dict[str, int | None]:
    """Options of a method that change no image, and need a network, or are for its beginning alone: left out."""
    off = {
        "imnet_feature_dist_lambda": 0,
        "style_consistency_lambda": 0,
        "self_training_start": 0,
        "depth": None,
        "feature_distillation": None,
    }
    return {key: value for key, value in off.items() if key in cfg.uda}


def blind_method(cfg: Config) -> dict[str, Any]:
    """Config of the method; of one that normalises in the same way, where it cannot be built around a blank network.

    Raises:
        UserError: the method or one of its options is not known.
    """
    check_component(cfg.uda, MODELS)
    shared = {
        "seed": cfg.seed,
        "data_preprocessor": preprocessor_options(cfg.uda.get("data_preprocessor"), encoder_facts(cfg.model.backbone)),
    }
    if MODELS.get(cfg.uda["type"]).blind:
        return {**cfg.uda, **unseen(cfg), **shared}
    return {"type": "SourceOnly", **shared}


def build_browser(cfg: Config, *, checkpoint: str | Path | None = None, device: str = "cpu") -> Browser:
    """A browser of a config's training.

    Args:
        cfg: complete config.
        checkpoint: file whose teachers label the target; None leaves pseudo-labels out.
        device: of the networks.

    Raises:
        UserError: data are missing, or the checkpoint does not belong to the config.
    """
    dataset = DATASETS.build({"seed": cfg.seed, **cfg.train_dataloader.dataset})
    if asks_for_labels(cfg):  # samples are those before the first round
        dataset.annotations = AnnotationMaps(None, tuple(dataset.target.names))
    if checkpoint is None:
        method = MODELS.build({**blind_method(cfg), "segmentor": {"type": BlankNetwork, "num_classes": len(dataset.metainfo["classes"])}})
    else:
        method = MODELS.build({**cfg.uda, **unseen(cfg), "segmentor": cfg.model.to_dict(), "seed": cfg.seed})
        for line in load_method(method, read_checkpoint(checkpoint), checkpoint):
            print(line)
    size, labels = cfg.train_dataloader.batch_size, checkpoint is not None
    return Browser(dataset=dataset, method=method.to(device).train(), batch_size=size, labels=labels)
