"""Correcting a teacher by prototypes of its own features: ours, after CPSL (Li et al., CVPR 2022, sections 3.2 and 3.3).

Letters: B images, C channels, K classes, (h, w) the map before the classifier, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn
from typing_extensions import TypedDict

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, PseudoLabels, TargetContext, TargetMaps
from mmseg.models.uda.self_labelling.class_balance import class_shares
from mmseg.models.uda.self_labelling.labeller import SelfLabeller
from mmseg.models.uda.self_labelling.prototypes import PrototypeBank, prototype_logits, running_mean
from mmseg.models.uda.self_labelling.teacher import nearest
from mmseg.registry import LABELING_STAGES
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import CLOSED, NonNegative, Positive, Share

FEWEST = 10
"""Pixels of a class in a batch whose mean moves its prototype."""


class SelfLabellingOptions(TypedDict, total=False):
    """Of the dictionary ``self_labelling``; see :class:`CPSL` for their meaning."""

    __pydantic_config__ = CLOSED

    epsilon: Positive[float]
    iterations: Positive[int]
    samples: Positive[int]
    memory: Positive[int]
    sampling: Literal["uniform", "class"]
    marginal: Literal["moving", "uniform"]


DEFAULTS = {"epsilon": 0.05, "iterations": 3, "samples": 256, "memory": 16384, "sampling": "class", "marginal": "moving"}
"""The correct form of CPSL, with a small memory."""


def class_means(embedding: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """The mean feature of each class, 0 for one of fewer than :data:`FEWEST` pixels: [B, C, h, w], [B, h, w] int64 -> [K, C].

    Several processes take the mean over all of their pixels.
    """
    rows, flat = embedding.permute(0, 2, 3, 1).flatten(0, 2).float(), labels.flatten()
    sums, counts = rows.new_zeros(num_classes, rows.shape[1]), rows.new_zeros(num_classes)
    sums.index_add_(0, flat, rows)
    counts.index_add_(0, flat, torch.ones_like(flat, dtype=counts.dtype))
    all_reduce(sums)
    all_reduce(counts)
    return torch.where(counts[:, None] >= FEWEST, sums / counts.clamp(min=1)[:, None], 0.0)


@LABELING_STAGES.register_module()
class PrototypeRectification(nn.Module, LabelingStage):
    """Multiplies the teacher's probabilities by those of prototypes: confidence and labels are those of the renormalised product.

    The prototypes are means of the teacher's own features of each predicted class. With ``self_labelling``, they are that up to
    ``start``, and then learn balanced assignments by the objective :class:`SelfLabelling`, which the method then needs. They are saved
    with a training.

    Args:
        num_classes, channels: K and C, which the method gives.
        start: first iteration in which labels are corrected.
        momentum: share of the old prototypes that is kept in a step.
        temperature: of the prototypes' probabilities.
        self_labelling: options of how the prototypes learn, ``dict()`` for the defaults (:data:`DEFAULTS`); None leaves them means.
            With HRDA, features are those of the context.
    """

    def __init__(
        self,
        *,
        num_classes: Positive[int],
        channels: Positive[int] | None,
        start: NonNegative[int] = 1000,
        momentum: Share = 0.999,
        temperature: Positive[float] = 0.08,
        self_labelling: SelfLabellingOptions | None = None,
    ) -> None:
        super().__init__()
        if channels is None:
            fix = "Use a decoder such as DAFormerHead, or leave the stage out"
            raise UserError(f"PrototypeRectification compares features, but the decoder has no map before its classifier. {fix}.")
        self.start, self.momentum, self.temperature = start, momentum, temperature
        self.prototypes = PrototypeBank(num_classes=num_classes, channels=channels)
        self.register_buffer("means", torch.zeros(num_classes, channels))
        self.register_buffer("counts", torch.zeros(num_classes))
        self.labeller = None if self_labelling is None else self._labeller(self_labelling)
        self.prototypes.requires_grad_(self.labeller is not None)

    def _labeller(self, options: Mapping) -> SelfLabeller:
        options = {**DEFAULTS, **options}
        classes, channels = self.prototypes.vectors.shape
        momentum = self.momentum if options.pop("marginal") == "moving" else None
        self.register_buffer("shares_seen", torch.zeros(()))
        marginal = torch.full((classes,), 1 / classes)
        return SelfLabeller(channels=channels, marginal=marginal, temperature=self.temperature, momentum=momentum, **options)

    def on_logits(self, logits: Tensor, target: TargetContext) -> Tensor:
        """[B, K, H, W] -> [B, K, H, W]."""
        embedding = target.output.embedding
        if target.iteration < self.start or self.labeller is None:
            self._follow(embedding, resize(logits, embedding.shape[2:]).argmax(dim=1))
        else:
            self.prototypes.follow(self.momentum)
        if target.iteration < self.start:
            return logits
        weights = prototype_logits(embedding, self.prototypes.average, self.temperature).softmax(dim=1)
        return logits + resize(weights, logits.shape[2:]).clamp(min=1e-12).log()

    def on_labels(self, pseudo: PseudoLabels, target: TargetContext) -> PseudoLabels:
        """Adds the maps that label themselves; as small as the features are."""
        if self.labeller is None:
            return pseudo
        embedding = target.output.embedding
        grid, valid = embedding.shape[2:], target.batch.target_valid
        labels = nearest(pseudo.labels, grid)
        if valid is not None:
            labels = torch.where(nearest(valid, grid) == 0, IGNORE, labels)
        return replace(pseudo, maps=TargetMaps(embedding, resize(target.output.logits, grid), labels))

    @torch.no_grad()
    def _follow(self, embedding: Tensor, labels: Tensor) -> None:
        """Moves the means, and the marginal where there is one, towards a batch; labels are [B, h, w]."""
        moved = class_means(embedding, labels, len(self.means))
        means, counts = running_mean(self.means, self.counts, moved, momentum=1 - self.momentum)
        self.means.copy_(means)
        self.counts.copy_(counts)
        self.prototypes.start(self.means)
        if self.labeller is not None and self.labeller.momentum is not None:
            shares = class_shares(labels, len(self.means))
            all_reduce(shares, "mean")
            marginal, seen = running_mean(self.labeller.marginal, self.shares_seen, shares, momentum=1 - self.momentum)
            self.labeller.marginal.copy_(marginal)
            self.shares_seen.copy_(seen)
