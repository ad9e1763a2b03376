"""The step of the baseline: tensor by tensor, image by image, and with the host in between.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from mmseg.models.uda.augmentation.augment import AugmentParameters, StrongAugment
from mmseg.models.uda.augmentation.mixing import draw_classes
from mmseg.models.uda.objectives import MixedSupervision
from mmseg.models.uda.pseudo_labels.confidence import ConfidenceShare
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels, ignore_invalid
from mmseg.models.uda.pseudo_labels.margins import IgnoreRows, ignore_rows
from mmseg.models.uda.pseudo_labels.teacher import Teacher, ema_decay
from mmseg.models.uda.step import StepContext, StepLogs
from mmseg.structures import UDABatch
from mmseg.utils.randomness import Streams


class PlainStep:
    """Reads every logged value in every iteration; mixed into the class of a method."""

    def train_step(self, data: dict, optim_wrapper: OptimWrapper) -> StepLogs:
        """As :meth:`mmseg.models.uda.UDAMethod.train_step`; the logs are Python numbers."""
        step = self.context(self.data_preprocessor.batch(data), data["iteration"])
        for teacher in self.teachers:
            teacher.update(step.student, step.iteration)

        optim_wrapper.zero_grad()
        for objective in self.objectives.values():
            if step.iteration >= objective.start:
                loss = objective(step)
                step.logs.update({name: value.item() for name, value in step.logs.items() if isinstance(value, Tensor)})
                optim_wrapper.backward(loss)
        optim_wrapper.step()
        return step.logs


class PlainTeacher(Teacher):
    """Follows the student tensor by tensor and weighs its pseudo-labels on the host."""

    @torch.no_grad()
    def update(self, student: nn.Module, iteration: int) -> None:
        """As :meth:`Teacher.update`."""
        decay = self.alpha if self.restored else ema_decay(iteration, self.alpha)
        for old, new in zip(self.network.parameters(), student.parameters(), strict=True):
            old.copy_(decay * old + (1 - decay) * new if decay else new)

    @torch.no_grad()
    def label(self, batch: UDABatch, iteration: int, streams: Streams) -> PseudoLabels:
        """Pseudo-labels of the target crops, by the published stages."""
        confidence, labels = self.network.encode_decode(batch.target_image).softmax(dim=1).max(dim=1)
        share, (top, bottom) = 1.0, (0, 0)
        for stage in self.stages:
            if isinstance(stage, ConfidenceShare):
                share = (confidence >= stage.threshold).sum().item() / labels.cpu().numpy().size
            elif isinstance(stage, IgnoreRows):
                top, bottom = stage.top, stage.bottom
        weights = torch.from_numpy(np.full(labels.shape, share, dtype=np.float32)).to(labels.device)
        pseudo = ignore_rows(PseudoLabels(labels, weights, confidence, weights.new_tensor(share)), top, bottom)
        return pseudo if batch.target_valid is None else ignore_invalid(pseudo, batch.target_valid)


class PlainAugment(StrongAugment):
    """Jitters and blurs image by image."""

    def apply(self, image: Tensor, parameters: AugmentParameters) -> Tensor:
        """As :meth:`StrongAugment.apply`, on [B, 3, H, W]."""
        results = []
        for index in range(len(image)):
            own = (drawn and drawn[index : index + 1] for drawn in (parameters.jitter, parameters.sigmas))
            results.append(super().apply(image[index : index + 1], AugmentParameters(*own)))
        return torch.cat(results)


class PlainMixedSupervision(MixedSupervision):
    """Masks class by class, mixes image by image."""

    def __call__(self, step: StepContext) -> Tensor:
        """As :class:`MixedSupervision`."""
        batch, target, pseudo = step.batch, step.target_image, step.pseudo_labels(self.teacher)
        classes = torch.unique(batch.source_label).tolist()
        images, labels, weights = [], [], []
        for index, chosen in enumerate(draw_classes(step.streams.numpy("mix/classes"), classes, len(target))):
            mask = class_mask(batch.source_label[index], chosen)
            images.append(mask * batch.source_image[index] + ~mask * target[index])
            labels.append(mask * batch.source_label[index] + ~mask * pseudo.labels[index])
            weights.append(mask * torch.ones_like(pseudo.weights[index]) + ~mask * pseudo.weights[index])
        image = self.augment(torch.stack(images), step.streams.numpy("mix/augment"))
        label, weight = torch.stack(labels), torch.stack(weights)

        output = step.forward(image, "mix")
        loss = step.log(step.student_loss(output, label, weight), "mix.")
        step.log({"mix.confident_share": pseudo.confident_share})
        step.record(mixed_image=image, mixed_label=label, mixed_weight=weight)
        return loss


def class_mask(label: Tensor, classes: list[int]) -> Tensor:
    """Where the label [H, W] is one of the classes: bool [H, W]."""
    mask = torch.zeros_like(label, dtype=torch.bool)
    for single in classes:
        mask |= label == single
    return mask


PLAIN_PARTS: Mapping[type, type] = {Teacher: PlainTeacher, StrongAugment: PlainAugment, MixedSupervision: PlainMixedSupervision}
"""The plain form of a part of a method, by its class."""
