"""Self-training with the passes of CPSL's first stage and nothing else: soft pseudo-labels as they are, cross entropy on both views."""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.symmetric_cross_entropy import mean_cross_entropy
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels
from mmseg.models.uda.pseudo_labels.teacher import Teacher, ema_update
from mmseg.models.uda.self_labelling.teacher import nearest, shrunk
from mmseg.models.uda.step import StepContext


class PlainTeacher(Teacher):
    """Follows the student and looks at whole images, as that of CPSL; the labels are those of the soft maps."""

    def train(self) -> None:
        """Everything in train mode."""
        self.network.train()

    def update(self, student: torch.nn.Module, iteration: int) -> None:
        """See :class:`mmseg.models.uda.self_labelling.teacher.PrototypeTeacher`."""
        ema_update(self.network, student, self.alpha if iteration else 0)
        for own, new in zip(self.network.buffers(), student.buffers(), strict=True):
            own.copy_(new)

    @torch.no_grad()
    def label(self, batch, iteration: int, streams) -> PseudoLabels:
        """Labels [B, H, W] of the crops."""
        self.network.segment(batch.target_whole)
        confidence, labels = batch.target_soft.max(dim=1)
        return PseudoLabels(labels, torch.ones_like(confidence), confidence, confidence.new_ones(()))


class PlainView:
    """Cross entropy on one view of the target, at a fourth of its size."""

    start = 0

    def __init__(self, teacher: Teacher, view: str) -> None:
        self.teacher, self.view = teacher, view

    def __call__(self, step: StepContext) -> Tensor:
        """The loss of a student pass."""
        labels = step.pseudo_labels(self.teacher).labels
        image = step.target_image if self.view == "weak" else step.batch.target_strong
        output = step.forward(image, self.view)
        small = shrunk(image.shape)
        return step.log({f"{self.view}.loss": mean_cross_entropy(resize(output.logits, small, align_corners=True), nearest(labels, small))})
