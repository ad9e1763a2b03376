"""Self-training on mixed images: source things pasted into pseudo-labelled target crops (DACS).

With labelled target images, the things of half of the steps are theirs (Englert, Kerssies and Dubbelman, CVPR workshops 2025).

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.models.uda.augmentation.augment import StrongAugment
from mmseg.models.uda.augmentation.image_jitter import ImageJitter
from mmseg.models.uda.augmentation.mixing import ClassMix, draw_donor, paste
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative


@OBJECTIVES.register_module()
class MixedSupervision:
    """Weighted cross entropy on class-mixed crops.

    Args:
        teacher: labels the target.
        mixing: draws what is pasted where.
        augment: jitter and blur of the mixed images.
        weak_augment: jitter of the target below what is pasted, which has none (VFM-UDA); None leaves it as it is.
        start: first iteration with self-training; 0 as published.
    """

    blind = True

    def __init__(
        self,
        *,
        teacher: Teacher,
        mixing: ClassMix,
        augment: StrongAugment | ImageJitter,
        weak_augment: ImageJitter | None = None,
        start: NonNegative[int] = 0,
    ) -> None:
        self.teacher, self.mixing, self.start = teacher, mixing, start
        self.augment, self.weak_augment = augment, weak_augment

    def __call__(self, step: StepContext) -> Tensor:
        batch, target = step.batch, step.target_image
        if batch.labeled_image is not None:
            batch = draw_donor(step.streams.numpy("mix/labeled"), batch)
        if target.shape != batch.source_image.shape:
            sizes = " and ".join("x".join(map(str, image.shape[2:])) for image in (batch.source_image, target))
            raise UserError(f"MixedSupervision mixes the crops of both domains, which are {sizes} pixels. Give both one crop_size.")
        pseudo = step.pseudo_labels(self.teacher)
        mask = self.mixing(step.streams.numpy("mix/classes"), batch)
        label = paste(mask, batch.source_label, pseudo.labels)
        weight = paste(mask, torch.ones_like(pseudo.weights), pseudo.weights)
        if self.weak_augment is not None:
            target = self.weak_augment(target, step.streams.numpy("mix/target_augment"))
        image = self.augment(paste(mask, batch.source_image, target), step.streams.numpy("mix/augment"))

        output = step.forward(image, "mix")
        loss = step.log(step.student_loss(output, label, weight), "mix.")
        step.log({"mix.confident_share": pseudo.confident_share})
        step.record(mixed_image=image, mixed_label=label, mixed_weight=weight)
        return loss
