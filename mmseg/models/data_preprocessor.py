"""From what the loader sends to what networks take: moved to the device, normalised there.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmseg.registry import MODELS
from mmseg.structures import UDABatch, shown_classes
from mmseg.utils.options.ranges import GreyLevel, Positive, Three


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
        mean, std: RGB statistics in grey levels; the default is ImageNet's, as published.
    """

    def __init__(
        self, *, mean: Three[GreyLevel[float]] = (123.675, 116.28, 103.53), std: Three[Positive[float]] = (58.395, 57.12, 57.375)
    ) -> None:
        super().__init__()
        self.grey_mean, self.grey_std = tuple(mean), tuple(std)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    def image(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] uint8 on any device -> normalised float32 on the model's device."""
        return normalize(image.to(self.device, non_blocking=True), self.mean, self.std)

    def crops(self, domain: dict) -> Tensor:
        """The normalised crops of one domain of a loader sample (keys 'image' and 'size')."""
        return zero_padding(self.image(domain["image"]), domain["size"])

    def batch(self, data: dict) -> UDABatch:
        """A collated loader sample (see :class:`mmseg.datasets.UDADataset`) as a batch on the device."""
        source, target = data["source"], data.get("target")
        valid, annotation = (target or {}).get("valid"), (target or {}).get("annotation")
        return UDABatch(
            source_image=self.crops(source),
            source_label=source["label"].to(self.device, non_blocking=True).long(),
            target_image=self.crops(target) if target else None,
            target_valid=None if valid is None else valid.to(self.device, non_blocking=True),
            target_annotation=None if annotation is None else annotation.to(self.device, non_blocking=True).long(),
            source_classes=shown_classes(source["label"]),
        )
