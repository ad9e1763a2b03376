"""The values of one training step that its objectives share.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from torch import Tensor, nn

from mmseg.models.uda.labelers import PseudoLabels
from mmseg.structures import SegOutput, UDABatch
from mmseg.utils.randomness import Streams


class StepLogs(dict):
    """Scalars of a step by name, for the log; ``records`` holds the tensors that a hook may draw."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, Tensor] = {}


@dataclass
class StepContext:
    """What an objective may use in one step.

    Attributes:
        batch: the crops of both domains.
        iteration: number of the step, from 0.
        streams: random streams of this iteration.
        student: the network that is trained; call it through :meth:`forward`.
        imnet: the frozen ImageNet network, or None.
        label_target: labels the target crops; called at most once per step, see :attr:`pseudo`.
        logs: scalars by name, and the tensors to draw.
    """

    batch: UDABatch
    iteration: int
    streams: Streams
    student: nn.Module
    imnet: nn.Module | None
    label_target: Callable[[UDABatch], PseudoLabels]
    logs: StepLogs = field(default_factory=StepLogs)

    @cached_property
    def pseudo(self) -> PseudoLabels:
        """Pseudo-labels of the target crops, computed once and shared by all objectives."""
        return self.label_target(self.batch)

    def forward(self, image: Tensor, name: str) -> SegOutput:
        """One student pass over [B, 3, H, W]. Its dropout and its detail box draw from streams called ``name``."""
        self.streams.seed_global(f"{name}/network")
        return self.student(image, self.streams.numpy(f"{name}/detail_box"))

    @property
    def segmentor(self) -> nn.Module:
        """The student itself, without the wrapper of distributed training."""
        return getattr(self.student, "module", self.student)

    @property
    def num_classes(self) -> int:
        return self.segmentor.num_classes

    def student_loss(self, output: SegOutput, label: Tensor, weight: Tensor | None) -> dict[str, Tensor]:
        """The losses of a student pass; label and weight are [B, H, W]."""
        return self.segmentor.loss(output, label, weight)

    def log(self, losses: dict[str, Tensor], prefix: str = "") -> Tensor:
        """Records scalars under ``prefix`` and returns the sum of those that are losses."""
        for name, value in losses.items():
            self.logs[prefix + name] = value.detach().reshape(())
        return sum(value for name, value in losses.items() if "loss" in name)

    def record(self, **tensors: Tensor) -> None:
        """Keeps tensors for a hook that draws; nothing is copied."""
        self.logs.records.update({name: tensor.detach() for name, tensor in tensors.items()})


class Objective(Protocol):
    """One term of a method: a student pass and its loss. Objectives hold no parameters and no state."""

    start: int
    """First iteration in which the objective takes part."""

    def __call__(self, step: StepContext) -> Tensor:
        """Returns the scalar loss of this step; the step runs its backward pass and frees its graph."""
