"""Pixels label themselves: assignments to prototypes, balanced by a class marginal, are what the prototypes learn (CPSL, section 3.3).

Letters: B images, M samples of an image, N samples in a memory, C channels, K classes, P pixels of a map.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, all_reduce
from torch import Tensor, nn

from mmseg.models.losses.self_labelling import self_labelling_loss
from mmseg.models.uda.pseudo_labels.labelers import TargetMaps
from mmseg.models.uda.self_labelling.class_balance import class_shares, draw_by_class, draw_uniform, moving_marginal
from mmseg.models.uda.self_labelling.memory import Memory
from mmseg.models.uda.self_labelling.prototypes import PrototypeBank
from mmseg.models.uda.self_labelling.sinkhorn import balanced_assignment
from mmseg.utils.computing.float32 import at_least_float32, products_in_float32
from mmseg.utils.options.ranges import Positive, Share


class SelfLabeller(nn.Module):
    """Draws pixels, assigns them together with remembered ones, and says how far the prototypes are from that.

    Memories and marginal are buffers, and so state of a training. Several processes share them.

    Args:
        channels: C.
        marginal: shares of the classes [K] at the start.
        temperature: of the prototypes' probabilities.
        epsilon, iterations: of :func:`balanced_assignment`.
        samples: M.
        memory: N; the samples of features, and of predictions, that take part once there are so many.
        sampling: 'uniform' over all pixels, as the released code, or by 'class', as the paper.
        momentum: share of the old marginal in a step, as the paper; None keeps it, as the released code.
        raster_labels: the first labels of a map, row by row, stand for those of the samples (a defect of the released code, in which the
            labels of its contrastive term belong to other pixels). False gives each sample its own.
    """

    def __init__(
        self,
        *,
        channels: Positive[int],
        marginal: Tensor,
        temperature: Positive[float],
        epsilon: Positive[float],
        iterations: Positive[int],
        samples: Positive[int],
        memory: Positive[int],
        sampling: Literal["uniform", "class"],
        momentum: Share | None,
        raster_labels: bool = False,
    ) -> None:
        super().__init__()
        self.temperature, self.options = temperature, {"epsilon": epsilon, "iterations": iterations}
        self.samples, self.sampling, self.momentum, self.raster_labels = samples, sampling, momentum, raster_labels
        self.features, self.predictions = Memory(size=memory, width=channels), Memory(size=memory, width=len(marginal))
        self.register_buffer("marginal", marginal.float())

    def forward(self, prototypes: PrototypeBank, maps: TargetMaps, generator: torch.Generator) -> dict[str, Tensor]:
        """The losses of the features' and of the predictions' assignments; their samples are remembered.

        As published, an image is assigned with the memory as the image before it has left it, and remembered features meet the prototypes
        as they are, new ones their directions. The loss reaches the prototypes alone.

        Args:
            prototypes: which learn.
            maps: of the teacher.
            generator: on the host.
        """
        if self.momentum is not None:
            self._move_marginal(maps.labels)
        weights = prototypes.vectors
        directions = F.normalize(weights, dim=1)
        losses: dict[str, list[Tensor]] = {"loss_features": [], "loss_predictions": []}
        for image, places in enumerate(self.draw(maps.labels, generator)):
            embedding, prediction = (_samples(values[image], places) for values in (maps.embedding, maps.logits))
            labels = maps.labels[image].flatten()
            labels = labels[: len(places)] if self.raster_labels else labels[places]
            with products_in_float32(embedding):
                scores, known = embedding @ directions.t(), self.features.values @ weights.detach().t()
            assignments = (self._assign(scores, known, self.features), self._assign(prediction, self.predictions.values, self.predictions))
            for own, assignment in zip(losses.values(), assignments, strict=True):
                own.append(self_labelling_loss(assignment, scores / self.temperature))
            self.features.push(_gathered(embedding), _gathered(labels))
            self.predictions.push(_gathered(prediction))
        return {name: torch.stack(values).mean() for name, values in losses.items()}

    def draw(self, labels: Tensor, generator: torch.Generator) -> list[Tensor]:
        """Places of the samples of each image, int64 [M], in maps with labels [B, p, q]; uniform ones are the same in all images."""
        maps = labels.flatten(1)
        if self.sampling == "uniform":
            return [draw_uniform(maps.shape[1], self.samples, generator).to(labels.device, non_blocking=True)] * len(maps)
        return [draw_by_class(single, self.samples, len(self.marginal), generator) for single in maps]

    def _assign(self, scores: Tensor, known: Tensor, memory: Memory) -> Tensor:
        return balanced_assignment(scores, self.marginal, remembered=known, counted=memory.full, **self.options)

    @torch.no_grad()
    def _move_marginal(self, labels: Tensor) -> None:
        """Towards the shares of the classes among labels [B, p, q]; stays where nothing is labelled."""
        shares = class_shares(labels, len(self.marginal))
        all_reduce(shares, "mean")
        moved = moving_marginal(self.marginal, shares / shares.sum().clamp(min=1e-12), self.momentum)
        self.marginal.copy_(torch.where(shares.sum() > 0, moved, self.marginal))


def _samples(values: Tensor, places: Tensor) -> Tensor:
    """[C, p, q] at M places, each of length 1: [M, C]."""
    return F.normalize(at_least_float32(values.flatten(1)[:, places].t()), dim=1)


def _gathered(values: Tensor) -> Tensor:
    """Those of all processes, one after the other."""
    return torch.cat(all_gather(values.contiguous()))
