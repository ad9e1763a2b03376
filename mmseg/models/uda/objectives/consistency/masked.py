"""Masked image consistency (MIC, Hoyer et al., CVPR 2023): predict what is hidden from what surrounds it.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.models.uda.augmentation.augment import StrongAugment
from mmseg.models.uda.augmentation.image_jitter import ImageJitter
from mmseg.models.uda.augmentation.masking import BlockMask, TokenMask
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.structures import SegOutput
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import NonNegative

Crops = tuple[Tensor, Tensor, Tensor]
"""Images [B, 3, H, W], labels [B, H, W] and weights [B, H, W]."""


def source_crops(step: StepContext, teacher: Teacher | None) -> Crops:
    """The source crops with their labels."""
    label = step.batch.source_label
    return step.batch.source_image, label, torch.ones_like(label, dtype=torch.float32)


def target_crops(step: StepContext, teacher: Teacher) -> Crops:
    """The target crops with the pseudo-labels of what they show unmasked."""
    image, pseudo = step.target_image, step.pseudo_labels(teacher)
    return image, pseudo.labels, pseudo.weights


def one_crop_of_each(step: StepContext, teacher: Teacher) -> Crops:
    """The first source crop and the first target crop."""
    if len(step.batch.source_image) != 2:
        raise UserError(f"mask_mode='separate' needs batch_size=2, not {len(step.batch.source_image)}. Set it, or use 'separatetrg'.")
    pairs = zip(source_crops(step, teacher), target_crops(step, teacher), strict=True)
    return tuple(torch.cat([source[:1], target[:1]]) for source, target in pairs)


@dataclass(frozen=True)
class MaskMode:
    """What is masked.

    Attributes:
        crops: picks the crops.
        with_target: whether target crops are among them, which a teacher has to label.
        augmented: whether jitter and blur come before the mask.
    """

    crops: Callable[[StepContext, Teacher | None], Crops]
    with_target: bool
    augmented: bool


MASK_MODES: Mapping[str, MaskMode] = MappingProxyType(
    {
        "separate": MaskMode(one_crop_of_each, with_target=True, augmented=False),
        "separateaug": MaskMode(one_crop_of_each, with_target=True, augmented=True),
        "separatesrc": MaskMode(source_crops, with_target=False, augmented=False),
        "separatesrcaug": MaskMode(source_crops, with_target=False, augmented=True),
        "separatetrg": MaskMode(target_crops, with_target=True, augmented=False),
        "separatetrgaug": MaskMode(target_crops, with_target=True, augmented=True),
    }
)
"""By the names of published configs."""


def find_mask_mode(name: str) -> MaskMode:
    """The mode of that name.

    Raises:
        UserError: there is none.
    """
    if name not in MASK_MODES:
        fix = suggestion(str(name), MASK_MODES) or f" Use one of {', '.join(MASK_MODES)}."
        raise UserError(f"mask_mode={name!r} is not known.{fix}")
    return MASK_MODES[name]


@OBJECTIVES.register_module()
class MaskedConsistency:
    """λ times the weighted cross entropy on masked crops.

    λ scales every part of the loss. The published code leaves the detail loss of HRDA unscaled, which
    is the same with its λ of 1.

    Args:
        mode: name in :data:`MASK_MODES`.
        mask: hides blocks of the crops, or tokens of the encoder.
        augment: jitter and blur before the mask, in a mode with them.
        teacher: labels the target, in a mode with it.
        weight: λ.
        start: first iteration; 0 as published.

    Raises:
        UserError: the mode is not known, or nobody labels its target.
    """

    blind = True

    def __init__(
        self,
        *,
        mode: str,
        mask: BlockMask | TokenMask,
        augment: StrongAugment | ImageJitter,
        teacher: Teacher | None = None,
        weight: NonNegative[float] = 1.0,
        start: NonNegative[int] = 0,
    ) -> None:
        self.mode, self.mask, self.augment = find_mask_mode(mode), mask, augment
        if self.mode.with_target and teacher is None:
            fix = "Add uda.teacher=dict(type='Teacher')."
            raise UserError(f"MaskedConsistency with mode='{mode}' needs a teacher that labels the target. {fix}")
        self.teacher, self.weight, self.start = teacher, weight, start
        self.source_alone = not self.mode.with_target

    def __call__(self, step: StepContext) -> Tensor:
        image, label, weight = self.mode.crops(step, self.teacher)
        if self.mode.augmented:
            image = self.augment(image, step.streams.numpy("mask/augment"))
        output, image = self.masked_pass(step, image)
        losses = step.student_loss(output, label, weight)
        step.record(masked_image=image, masked_label=label, masked_weight=weight)
        return step.log({name: self.weight * value if "loss" in name else value for name, value in losses.items()}, "masked.")

    def masked_pass(self, step: StepContext, image: Tensor) -> tuple[SegOutput, Tensor]:
        """What the student says of the crops [B, 3, H, W] while parts of them are hidden, and the crops as it saw them."""
        generator = step.streams.torch("mask/blocks")
        if not isinstance(self.mask, TokenMask):
            image = self.mask(image, generator)
            return step.forward(image, "mask"), image
        with self.mask.hiding(step.student, generator) as masks:
            output = step.forward(image, "mask")
        return output, image * F.interpolate(masks[0], size=image.shape[2:], mode="nearest")
