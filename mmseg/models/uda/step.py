"""The values of one training step that its objectives share.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels
from mmseg.models.uda.pseudo_labels.prediction import Prediction
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.structures import SegOutput, UDABatch
from mmseg.utils.errors import UserError
from mmseg.utils.randomness import Streams


class StepLogs(dict):
    """Scalars of a step by name, for the log; ``records`` holds the tensors that a hook may draw or count."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, Tensor] = {}

    @classmethod
    def of_parts(cls, parts: Sequence[StepLogs]) -> StepLogs:
        """Of a whole batch: the means of the scalars, and the tensors [B / parts, ...] of all parts joined."""
        if len(parts) == 1:
            return parts[0]
        whole = cls()
        for name in parts[0]:
            whole[name] = torch.stack([part[name].float() for part in parts]).mean()
        for name in parts[0].records:
            whole.records[name] = torch.cat([part.records[name] for part in parts])
        return whole


@dataclass
class StepContext:
    """What an objective may use in one step.

    Attributes:
        batch: the crops of both domains.
        iteration: number of the step, from 0.
        streams: random streams of this iteration.
        student: the network that is trained; call it through :meth:`forward`.
        imnet: the frozen ImageNet network, or None.
        discriminator: tells the domains of predictions apart, or None.
        logs: scalars by name, and the tensors to draw.
        predictions: of the student passes so far by their names, without graph; with features where there is a discriminator.
        pseudo: pseudo-labels of the teachers that were asked so far, see :meth:`pseudo_labels`.
    """

    batch: UDABatch
    iteration: int
    streams: Streams
    student: nn.Module
    imnet: nn.Module | None
    discriminator: nn.Module | None
    logs: StepLogs = field(default_factory=StepLogs)
    predictions: dict[str, Prediction] = field(default_factory=dict)
    pseudo: dict[Teacher, PseudoLabels] = field(default_factory=dict)

    @property
    def target_image(self) -> Tensor:
        """The target crops [B, 3, H, W].

        Raises:
            UserError: the training data has none.
        """
        if self.batch.target_image is None:
            fix = "Give train_dataloader.dataset.target, or use a method without one"
            raise UserError(f"The method in uda needs target images, but the training data has none. {fix}.")
        return self.batch.target_image

    def pseudo_labels(self, teacher: Teacher) -> PseudoLabels:
        """Pseudo-labels of the target crops, computed once per teacher and shared by all objectives.

        Those of the first teacher, which is the method's own where it has one, are recorded.
        """
        if teacher not in self.pseudo:
            pseudo = self.pseudo[teacher] = teacher.label(self.batch, self.iteration, self.streams)
            if len(self.pseudo) == 1:
                self.record(target_image=self.target_image, pseudo_label=pseudo.labels, pseudo_weight=pseudo.weights)
        return self.pseudo[teacher]

    def forward(self, image: Tensor, name: str) -> SegOutput:
        """One student pass over [B, 3, H, W]. Its dropout and its detail box draw from streams called ``name``.

        All processes of a training look at the same detail box, as one process with their whole batch would.
        """
        self.streams.seed_global(f"{name}/network")
        output = self.student(image, self.streams.shared.numpy(f"{name}/detail_box"))
        prediction = Prediction.of(output).detach()
        # Nothing but a discriminator looks at features, which would stay in memory.
        self.predictions[name] = replace(prediction, features=None) if self.discriminator is None else prediction
        return output

    @property
    def num_classes(self) -> int:
        return self.student.num_classes

    def student_loss(self, output: SegOutput, label: Tensor, weight: Tensor | None) -> dict[str, Tensor]:
        """The losses of a student pass; label and weight are [B, H, W]."""
        return self.student.loss(output, label, weight)

    def log(self, losses: dict[str, Tensor], prefix: str = "") -> Tensor:
        """Records scalars under ``prefix`` and returns the sum of those that are losses."""
        for name, value in losses.items():
            self.logs[prefix + name] = value.detach().reshape(())
        return sum(value for name, value in losses.items() if "loss" in name)

    def record(self, **tensors: Tensor) -> None:
        """Keeps tensors for hooks that draw or count; nothing is copied."""
        self.logs.records.update({name: tensor.detach() for name, tensor in tensors.items()})


class Objective(Protocol):
    """One term of a method: a student pass and its loss. Objectives hold no parameters and no state.

    One that never looks at the target may say so: ``source_alone = True``; one that looks at its labels of a training that asks for some:
    ``learns_from_annotation = True``; one whose recorded images depend on batch, iteration and labels alone, so that they can be drawn
    without a network that has learned something: ``blind = True``.
    """

    start: int
    """First iteration in which the objective takes part."""

    def __call__(self, step: StepContext) -> Tensor:
        """Returns the scalar loss of this step; the step runs its backward pass and frees its graph."""
