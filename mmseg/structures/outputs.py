"""What a segmentor returns: everything, so that losses, methods and pictures are functions of it.

Letters: B images, K classes, C channels; (H, W) the crop that was given to the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from mmseg.structures.box import Box


@dataclass(frozen=True)
class View:
    """One look at the image: a plain network has one, HRDA has ('context', 'detail').

    Attributes:
        name: 'full', 'context' or 'detail'.
        image: [B, 3, h, w] as the encoder saw it.
        scale: size of ``image`` over the size of the region ``box`` in the full crop.
        box: the region of the full crop, in pixels of (H, W). Cut labels with it.
        features: the encoder's levels, strides 4, 8, 16, 32 of ``image`` ([B, C, ·, ·] each).
        logits: [B, K, ·, ·] of this view alone, at the decoder's stride.

    An encoder with style hallucination, in train mode, makes features and logits of 2 * B images: all of the batch, then all
    of it in another style (:attr:`SegOutput.styles`).
    """

    name: str
    image: Tensor
    scale: float
    box: Box
    features: tuple[Tensor, ...]
    logits: Tensor


@dataclass(frozen=True)
class Geometry:
    """What a depth head makes of the first view, which shows the whole crop.

    Attributes:
        depth: [B, 1, h, w] in the units that it is trained in: inverse depth as published, or its logarithm.
        density: [B, 1, h, w], how likely place and depth of a pixel are for its class, in the scale that it is trained in; None where
            the head does not predict it.
    """

    depth: Tensor
    density: Tensor | None = None


@dataclass(frozen=True)
class SegOutput:
    """Result of one pass of a segmentor over a crop [B, 3, H, W].

    Attributes:
        logits: [B, K, ·, ·] final (fused) logits at the decoder's stride.
        views: what the network looked at, in order.
        feature_views: the views whose features the feature distance compares.
        attention: [B, K or 1, ·, ·] scale attention in [0, 1] at the context stride, before it is
            confined to the detail box; None for a network without one.
        scaled_context: [B, K, ·, ·] context logits after the attention; what the context loss of
            HRDA trains (:class:`HRDAHead`). None for a plain network.
        auxiliary: [B, K, ·, ·] logits of the auxiliary head, in a training pass only; None without one.
        branches: logits [B, K, ·, ·] by name, where a decoder trains several (:class:`DAHead`); empty
            where it trains ``logits`` alone.
        embedding: [B, C, ·, ·] the map that the decoder's classifier reads, of the first view; None where the decoder has no such map.
        geometry: depth and density of the crop, in a training pass only; None without a depth head.
        align_corners: corner convention of enlarging the logits.
    """

    logits: Tensor
    views: tuple[View, ...]
    feature_views: tuple[View, ...] = field(default=())
    attention: Tensor | None = None
    scaled_context: Tensor | None = None
    auxiliary: Tensor | None = None
    branches: Mapping[str, Tensor] = field(default_factory=dict)
    embedding: Tensor | None = None
    geometry: Geometry | None = None
    align_corners: bool = False

    @property
    def styles(self) -> int:
        """How often every image of the crop is in the batch of features and logits: 2 where the encoder adds a stylised copy."""
        return len(self.logits) // len(self.views[0].image)

    def per_style(self, values: Tensor) -> Tensor:
        """What belongs to the images [B, ...], once for each of their S styles: [S * B, ...]."""
        return torch.cat([values] * self.styles) if self.styles > 1 else values

    def shifted(self, shift: Tensor) -> SegOutput:
        """The same with a constant added to each class [K], in all logits."""
        by_class = shift[:, None, None]

        def plus(logits: Tensor | None) -> Tensor | None:
            return None if logits is None else logits + by_class

        views = tuple(replace(view, logits=view.logits + by_class) for view in self.views)
        others = {"scaled_context": plus(self.scaled_context), "auxiliary": plus(self.auxiliary)}
        branches = {name: logits + by_class for name, logits in self.branches.items()}
        return replace(self, logits=self.logits + by_class, views=views, branches=branches, **others)

    def view(self, name: str) -> View:
        """The view called ``name``; KeyError if the network has none."""
        for view in self.views:
            if view.name == name:
                return view
        raise KeyError(name)
