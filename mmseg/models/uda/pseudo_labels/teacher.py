"""The mean teacher (Tarvainen and Valpola, 2017) as HRDA uses it (DAFormer, section 3.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from timm.layers import DropPath
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from mmseg.models.backbones.style_hallucination import StyleHallucination
from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, PseudoLabels, TargetContext, label_target
from mmseg.registry import TEACHERS
from mmseg.structures import SegOutput, UDABatch
from mmseg.utils.options.ranges import Share
from mmseg.utils.randomness import Streams


def ema_decay(iteration: int, alpha: float) -> float:
    """Share of the old teacher kept at ``iteration`` (from 0): min(1 - 1 / (iteration + 1), alpha); 0 at the start."""
    return min(1 - 1 / (iteration + 1), alpha)


@torch.no_grad()
def ema_update(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """teacher = decay * teacher + (1 - decay) * student, over parameters only.

    Buffers are left alone, as in the published code: the teacher's BatchNorm statistics come from its
    own passes over target images. Frozen parameters that both share stay what they are.
    """
    pairs = zip(teacher.parameters(), student.parameters(), strict=True)
    old, new = map(list, zip(*((own, other) for own, other in pairs if own is not other), strict=True))
    if decay == 0:  # a copy stays exact where 0 * infinity would not
        torch._foreach_copy_(old, new)
        return
    torch._foreach_lerp_(old, new, 1 - decay)


def freeze(network: nn.Module) -> nn.Module:
    """Excludes a network from training."""
    return network.requires_grad_(False)


def teacher_mode(teacher: nn.Module) -> None:
    """Train mode without dropout and other styles: BatchNorm normalises with the statistics of the target batch (published quirk)."""
    teacher.train()
    for module in teacher.modules():
        if isinstance(module, (_DropoutNd, DropPath, StyleHallucination)):
            module.eval()


def mean_of_looks(first: Tensor, second: Tensor) -> Tensor:
    """Logits [B, K, H, W] whose softmax is the mean of the probabilities of two looks."""
    return torch.logaddexp(first.log_softmax(dim=1), second.log_softmax(dim=1)) - math.log(2)


@TEACHERS.register_module()
class Teacher:
    """How one EMA network follows the student and labels the target. The method that owns it keeps the network.

    Args:
        network: a segmentor; gets frozen.
        alpha: largest share of the old teacher in an update; 0 keeps it a copy of the student.
        stages: from its logits to pseudo-labels.
        flip: whether it looks at the mirror image of each crop as well; the labels come from the mean of both probabilities.

    Attributes:
        restored: whether the network comes from a checkpoint. It is past its warm-up then, whose first step
            would copy the student over it.
    """

    def __init__(self, *, network: nn.Module, alpha: Share, stages: Sequence[LabelingStage] = (), flip: bool = False) -> None:
        self.network = freeze(network)
        self.restored = False
        self.alpha, self.stages, self.flip = alpha, tuple(stages), flip

    def update(self, student: nn.Module, iteration: int) -> None:
        """Moves the network towards the student, at the start of ``iteration`` (from 0, which copies unless restored)."""
        ema_update(self.network, student, self.alpha if self.restored else ema_decay(iteration, self.alpha))

    def train(self) -> None:
        """The mode of the network in a training."""
        teacher_mode(self.network)

    @torch.no_grad()
    def label(self, batch: UDABatch, iteration: int, streams: Streams) -> PseudoLabels:
        """Pseudo-labels of the target crops."""
        output = self.network.segment(batch.target_image)
        logits = self._enlarged(output, batch)
        if self.flip:
            mirrored = self._enlarged(self.network.segment(batch.target_image.flip(3)), batch)
            logits = mean_of_looks(logits, mirrored.flip(3))
        return label_target(logits, self.stages, TargetContext(batch, self.network, iteration, streams, output))

    def _enlarged(self, output: SegOutput, batch: UDABatch) -> Tensor:
        """Logits [B, K, H, W] of the size of the crops."""
        return self.network.enlarge(self.network.select_branch(output).float(), batch.target_image.shape[2:])
