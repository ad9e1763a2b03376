"""From what the loader sends to what networks take: moved to the device, normalised there.

Letters: B images, K classes, (h, w) soft map, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmseg.models.weights.facts import EncoderFacts
from mmseg.registry import MODELS
from mmseg.structures import CropPlace, StrongGeometry, UDABatch, shown_classes, soft_crop
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import GreyLevel, Positive, Three, mismatch

IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""RGB, in grey levels."""
TOLERANCE = 0.5
"""Grey levels by which two answers may differ that mean the same, such as (x - 127) / 128 and (x / 255 - 0.5) / 0.5."""


def normalize(image: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """uint8 RGB [B, 3, H, W] -> float32 (image - mean) / std."""
    return (image.float() - mean) / std


def zero_padding(image: Tensor, sizes: Tensor) -> Tensor:
    """Sets what lies outside the unpadded (height, width) of each image to 0, in place.

    Args:
        image: [B, C, H, W] normalised.
        sizes: [B, 2] integers on the CPU, height and width before padding at the bottom and right.
    """
    for single, (height, width) in zip(image, sizes.tolist(), strict=True):
        single[:, height:] = 0
        single[:, :, width:] = 0
    return image


@MODELS.register_module()
class SegDataPreprocessor(BaseDataPreprocessor):
    """Normalises uint8 RGB images; 0 where the loader padded.

    Args:
        mean, std: RGB statistics in grey levels; None takes those of the encoder's weights where its name says which these are (networks
            of timm), else ImageNet's, as published.
        overrides_encoder: whether ``mean`` and ``std`` hold where they differ from what the encoder's published weights want, because the
            file is another one, say. Without it, two answers are an error.
    """

    def __init__(
        self,
        *,
        mean: Three[GreyLevel[float]] | None = None,
        std: Three[Positive[float]] | None = None,
        overrides_encoder: bool = False,
    ) -> None:
        super().__init__()
        mean, std = mean or IMAGENET_MEAN, std or IMAGENET_STD
        self.grey_mean, self.grey_std = tuple(mean), tuple(std)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    @property
    def statistics(self) -> dict[str, list[float]]:
        """``mean`` and ``std`` in grey levels, as files keep them."""
        return {"mean": list(self.grey_mean), "std": list(self.grey_std)}

    def image(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] uint8 on any device -> normalised float32 on the model's device."""
        return normalize(image.to(self.device, non_blocking=True), self.mean, self.std)

    def crops(self, domain: dict) -> Tensor:
        """The normalised crops of one domain of a loader sample (keys 'image' and 'size')."""
        return zero_padding(self.image(domain["image"]), domain["size"])

    def batch(self, data: dict) -> UDABatch:
        """A collated loader sample (see :class:`mmseg.datasets.UDADataset`) as a batch on the device."""
        source, target = data["source"], data.get("target")
        return UDABatch(
            source_image=self.crops(source),
            source_label=self.label(source, "label"),
            source_classes=shown_classes(source["label"]),
            source_depth=source["depth"].to(self.device, non_blocking=True) if "depth" in source else None,
            source_place=_each(CropPlace, source.get("place")),
            **({} if target is None else self.target(target)),
            **(self.labeled(data["labeled"]) if "labeled" in data else {}),
        )

    def labeled(self, labeled: dict) -> dict[str, Any]:
        """What a batch holds of labelled target images, by the names of its attributes."""
        classes = shown_classes(labeled["label"])
        return {"labeled_image": self.crops(labeled), "labeled_label": self.label(labeled, "label"), "labeled_classes": classes}

    def target(self, target: dict) -> dict[str, Any]:
        """What a batch holds of the target, by the names of its attributes; None where the loader gives nothing."""
        valid = target.get("valid")
        places = _each(CropPlace, target.get("place"))
        return {
            "target_image": self.crops(target),
            "target_valid": None if valid is None else valid.to(self.device, non_blocking=True),
            "target_annotation": self.label(target, "annotation"),
            "target_label": self.label(target, "label"),
            "target_soft": self.soft(target["soft"], places) if "soft" in target else None,
            "target_whole": self.image(target["whole"]) if "whole" in target else None,
            "target_strong": self.image(target["strong"]) if "strong" in target else None,
            "target_place": places,
            "target_geometry": _each(StrongGeometry, target.get("geometry")),
        }

    def label(self, domain: dict, key: str) -> Tensor | None:
        """A map of train ids [B, H, W] as int64; None where there is none."""
        return None if domain.get(key) is None else domain[key].to(self.device, non_blocking=True).long()

    def soft(self, levels: Sequence[Tensor], places: Sequence[CropPlace]) -> Tensor:
        """Soft pseudo-labels of the crops: float32 [B, K, H, W] of levels uint8 [K, h, w] of the whole images.

        They are enlarged here and not by the loader, whose samples would be a thousand times larger.
        """
        crops = []
        for single, place in zip(levels, places, strict=True):
            soft = single.to(self.device, non_blocking=True).float()
            crops.append(soft_crop(soft / soft.sum(dim=0).clamp(min=1), place))
        return torch.stack(crops)


def preprocessor_options(options: Mapping | None, facts: EncoderFacts | None, *, starts_from: str | None = None) -> dict:
    """The config of a preprocessor, with the statistics of an encoder where it has none.

    Args:
        options: of the config; None where it has none.
        facts: of the encoder; None where its name does not say which weights it starts from: then any statistics go.
        starts_from: file of the encoder's weights; None where it starts from none, so that any statistics go, too.

    Raises:
        UserError: statistics are given, and the weights want others.
    """
    given = {"type": "SegDataPreprocessor", **(options or {})}
    if facts is None:
        return given
    wanted = {"mean": facts.mean, "std": facts.std}
    for key, values in wanted.items():
        own = given.get(key)
        if own is not None and starts_from is not None and not given.get("overrides_encoder", False):
            _check_statistics(key, own, values, facts.name)
    ours = given["type"] == "SegDataPreprocessor"  # one of a user may have no such options
    return {**given, **{key: values for key, values in wanted.items() if ours and given.get(key) is None}}


def _check_statistics(key: str, own: Sequence[float], values: Sequence[float], weights: str) -> None:
    if mismatch(Three[GreyLevel[float]], own) is None and any(abs(a - b) > TOLERANCE for a, b in zip(own, values, strict=True)):
        text = f"uda.data_preprocessor.{key} is {list(own)}, but the weights of {weights} want {list(values)}"
        fix = "Leave it out, or set uda.data_preprocessor.overrides_encoder=True if the file is of other weights"
        raise UserError(f"{text}. {fix}.")


def _each(kind: type, numbers: Tensor | None) -> tuple | None:
    return None if numbers is None else tuple(map(kind.of, numbers))
