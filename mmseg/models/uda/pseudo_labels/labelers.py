"""From teacher logits to pseudo-labels: a list of stages that a config can name (``uda.labeling``).

A stage is a small class over a pure function. It corrects what the teacher says (:meth:`LabelingStage.on_logits`) or decides
what counts (:meth:`LabelingStage.on_labels`, and :meth:`LabelingStage.at_the_end` where margins must not take it back); stages run in
the order of their list, first all on the logits, then all on the labels, so that the softmax over the classes is computed once.

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from mmseg.structures import SegOutput, UDABatch
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.randomness import Streams


@dataclass(frozen=True)
class TargetMaps:
    """What the teacher's decoder makes of a target batch, for methods that compare features with prototypes.

    Attributes:
        embedding: [B, C, h, w], what its classifier reads.
        logits: [B, K, h, w] of the same places.
        labels: [B, h, w] int64, pseudo-labels of the same places, 255 where unknown.
        prototypes: [B, K, ., .] in [0, 1], what the prototypes say about the crops, where the student is to say the same.
    """

    embedding: Tensor
    logits: Tensor
    labels: Tensor
    prototypes: Tensor | None = None


@dataclass(frozen=True)
class PseudoLabels:
    """What the teacher says about a target batch.

    Attributes:
        labels: [B, H, W] int64 train ids.
        weights: [B, H, W] float32 in [0, 1], the weight of each pixel in the loss.
        confidence: [B, H, W] float32 in [0, 1], the teacher's probability of the label.
        confident_share: scalar, share of pixels that count as sure, before margins are ignored; 1 without such a stage.
        maps: what the labels were made of, where a method asks for it.
    """

    labels: Tensor
    weights: Tensor
    confidence: Tensor
    confident_share: Tensor
    maps: TargetMaps | None = None

    @classmethod
    def of(cls, logits: Tensor) -> PseudoLabels:
        """The most likely class of every pixel, each with full weight; logits are [B, K, H, W]."""
        # Classes last, a view where the decoder is channels-last: along them the softmax of another layout would copy.
        confidence, labels = at_least_float32(logits).permute(0, 2, 3, 1).softmax(dim=3).max(dim=3)
        return cls(labels, torch.ones_like(confidence), confidence, confidence.new_ones(()))


@dataclass(frozen=True)
class TargetContext:
    """What a stage may look at beside the teacher's logits.

    Attributes:
        batch: the crops of both domains.
        network: the teacher's.
        iteration: number of the step, from 0.
        streams: random streams of this iteration.
        output: what the network says of the target crops; None where a stage is used without one.
    """

    batch: UDABatch
    network: nn.Module
    iteration: int
    streams: Streams
    output: SegOutput | None = None


class LabelingStage:
    """One stage of the labeling; a subclass overrides one of the methods, or several.

    A stage that is a ``torch.nn.Module`` as well has its buffers in the checkpoints of a training.
    """

    def on_logits(self, logits: Tensor, target: TargetContext) -> Tensor:
        """Corrects the teacher: [B, K, H, W] -> [B, K, H, W]."""
        return logits

    def on_labels(self, pseudo: PseudoLabels, target: TargetContext) -> PseudoLabels:
        """Changes labels or weights."""
        return pseudo

    def at_the_end(self, pseudo: PseudoLabels, target: TargetContext) -> PseudoLabels:
        """Changes labels or weights after the margins have lost theirs."""
        return pseudo


def ignore_invalid(pseudo: PseudoLabels, valid: Tensor) -> PseudoLabels:
    """Zero weight where ``valid`` [B, H, W] is 0."""
    return replace(pseudo, weights=pseudo.weights * valid.to(pseudo.weights.dtype))


@torch.no_grad()
def label_target(logits: Tensor, stages: Sequence[LabelingStage], target: TargetContext) -> PseudoLabels:
    """Runs the stages; after them, pixels that the loader marked as invalid lose their weight.

    Args:
        logits: [B, K, H, W] teacher logits at crop size.
        stages: in their order.
        target: what they may look at.
    """
    for stage in stages:
        logits = stage.on_logits(logits, target)
    pseudo = PseudoLabels.of(logits)
    for stage in stages:
        pseudo = stage.on_labels(pseudo, target)
    if target.batch.target_valid is not None:
        pseudo = ignore_invalid(pseudo, target.batch.target_valid)
    for stage in stages:
        pseudo = stage.at_the_end(pseudo, target)
    return pseudo
