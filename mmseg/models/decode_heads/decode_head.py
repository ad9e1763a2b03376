"""What all decoders share: choice of encoder levels, classifier, losses.

Letters: B images, C channels, K classes, (h, w) the decoder's map, (H, W) the labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmseg.models.layer_options import NormConfig
from mmseg.models.losses.cross_entropy import accuracy
from mmseg.registry import MODELS
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import IgnoredLabel, Positive, ShareBelowOne, Some


def resize(feature_map: Tensor, size: Sequence[int], align_corners: bool = False) -> Tensor:
    """Bilinear resizing [B, C, h, w] -> [B, C, *size]; the same tensor if the size is already right."""
    if tuple(feature_map.shape[2:]) == tuple(size):
        return feature_map
    return F.interpolate(feature_map, size=tuple(size), mode="bilinear", align_corners=align_corners)


def check_decoder_params(head: str, decoder_params: dict, known: Iterable[str]) -> None:
    """Raises a UserError if ``decoder_params`` of a head has other keys than ``known``, or lacks one."""
    for key in decoder_params:
        if key not in known:
            raise UserError(f"decoder_params got an unexpected option '{key}'.{suggestion(key, known)}")
    for key in known:
        if key not in decoder_params:
            raise UserError(f"decoder_params needs the option '{key}'. Add {key}=… to decoder_params of {head}.")


class Decoded(NamedTuple):
    """What a decoder makes of the encoder's levels.

    Attributes:
        logits: [B, K, h, w].
        embedding: [B, C, h, w] the map that the classifier read; None where there is no such map.
        branches: logits [B, K, h, w] by name, where several are trained instead of ``logits`` alone.
    """

    logits: Tensor
    embedding: Tensor | None = None
    branches: Mapping[str, Tensor] = {}


class DecodeHead(BaseModule):
    """Base of the decoders: features in, logits at ``output_stride`` out.

    A subclass implements :meth:`embed`, the map that :meth:`classify` reads, or, where it has no such map,
    ``forward(features) -> [B, K, h, w]``; it sets ``output_stride``, the pixels of the crop per pixel of its logits.

    Args:
        in_channels: channels of the chosen encoder level, or a list for several levels.
        in_index: which level, or which levels, are used; as long as ``in_channels``.
        channels: width of the map before the classifier ``conv_seg``; None for a head without it.
        num_classes: K.
        dropout_ratio: channels dropped before the classifier.
        norm_cfg: normalisation of the decoder's layers, e.g. ``dict(type='BN')``; None for none.
        align_corners: corner convention of resizing. Published models use False.
        loss_decode: the loss, a dictionary; ``type`` is 'CrossEntropyLoss' unless it says otherwise.
        ignore_index: label that is not trained: 255, which is what the data sets give pixels without a class.

    Attributes:
        classifiers: names of the layers whose rows are classes; a training for other classes draws them anew.
    """

    output_stride = 4
    classifiers: tuple[str, ...] = ("conv_seg",)

    def __init__(
        self,
        *,
        in_channels: Positive[int] | Some[Positive[int]],
        channels: Positive[int] | None,
        num_classes: Positive[int],
        in_index: int | Some[int] = -1,
        dropout_ratio: ShareBelowOne = 0.1,
        norm_cfg: NormConfig | None = None,
        align_corners: bool = False,
        loss_decode: dict | None = None,
        ignore_index: IgnoredLabel = 255,
    ) -> None:
        super().__init__()
        self.in_channels = [in_channels] if isinstance(in_channels, int) else list(in_channels)
        self.in_index = [in_index] if isinstance(in_index, int) else list(in_index)
        if len(self.in_channels) != len(self.in_index):
            text = f"in_channels={in_channels} and in_index={in_index} differ in length. Give one width per level."
            raise UserError(f"{type(self).__name__}: {text}")
        self.num_classes = num_classes
        self.norm_cfg = norm_cfg
        self.align_corners = align_corners
        self.ignore_index = ignore_index
        self.loss_decode = MODELS.build({"type": "CrossEntropyLoss", **(loss_decode or {})})
        if channels is not None:
            self.conv_seg = nn.Conv2d(channels, num_classes, kernel_size=1)
            self.dropout = nn.Dropout2d(dropout_ratio)

    @property
    def embedding_channels(self) -> int | None:
        """C of the map that the classifier reads; None where there is no such map."""
        own = type(self)
        if own.embed is DecodeHead.embed and own.decode is DecodeHead.decode:
            return None
        *_, classifier = (layer for layer in self.get_submodule(self.classifiers[-1]).modules() if isinstance(layer, nn.Conv2d))
        return classifier.in_channels

    def select(self, features: Sequence[Tensor]) -> list[Tensor]:
        """The levels that this decoder uses.

        Raises:
            UserError: the encoder lacks a level, or gives them other widths than ``in_channels`` says.
        """
        name, count = type(self).__name__, len(features)
        if any(not -count <= index < count for index in self.in_index):
            text = f"in_index={self.in_index}, but the encoder gives {count} levels, of {[level.shape[1] for level in features]} channels"
            raise UserError(f"{name}: {text}. Use an in_index from 0 to {count - 1}, and the in_channels of these levels.")
        chosen = [features[index] for index in self.in_index]
        widths = [level.shape[1] for level in chosen]
        if widths != self.in_channels:
            fix = f"Set in_channels={widths if len(widths) > 1 else widths[0]}, or choose other levels with in_index."
            raise UserError(f"{name}: the encoder gives {widths} channels, but in_channels={self.in_channels}. {fix}")
        return chosen

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> logits [B, K, h, w]."""
        return self.classify(self.embed(features))

    def decode(self, features: Sequence[Tensor]) -> Decoded:
        """The logits and what they were made of; the map before the classifier is the very tensor, not a copy."""
        if type(self).forward is not DecodeHead.forward:  # a decoder that has no map before its classifier
            return Decoded(self(features))
        embedding = self.embed(features)
        return Decoded(self.classify(embedding), embedding)

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> the map [B, C, h, w] that :meth:`classify` reads."""
        raise NotImplementedError(f"{type(self).__name__} implements neither embed nor forward")

    def classify(self, feature_map: Tensor) -> Tensor:
        """Dropout and the 1x1 classifier: [B, C, h, w] -> [B, K, h, w].

        Logits leave every decoder in float32 (at least), so that what follows (fusion of scales, resizing, softmax) adds no
        rounding of its own.
        """
        return at_least_float32(self.conv_seg(self.dropout(feature_map)))

    def losses(self, logits: Tensor, label: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
        """Loss and accuracy of logits that are enlarged to the size of the labels.

        Args:
            logits: [B, K, h, w].
            label: [B, H, W] int64.
            weight: [B, H, W] factor per pixel, or None.

        Returns:
            ``loss_seg`` (scalar) and ``acc_seg`` (scalar, percent).
        """
        enlarged = resize(logits, label.shape[1:], self.align_corners)
        loss = self.loss_decode(enlarged, label, weight=weight, ignore_index=self.ignore_index)
        return {"loss_seg": loss, "acc_seg": accuracy(enlarged, label)}

    def init_weights(self) -> None:
        """Draws new weights: He's for convolutions with ReLU, normal 0.01 for the classifier."""
        for module in self.modules():
            if isinstance(module, ConvModule):
                module.init_weights()
            elif isinstance(module, nn.Linear):
                module.reset_parameters()
        if hasattr(self, "conv_seg"):
            nn.init.normal_(self.conv_seg.weight, std=0.01)
            nn.init.zeros_(self.conv_seg.bias)
        self._is_init = True
