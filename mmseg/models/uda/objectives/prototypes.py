"""Student passes of CPSL's first stage: on rectified labels, and on the strong view (Li et al., CVPR 2022, section 3.2).

Letters: B images, K classes, (H, W) crop, (h, w) a fourth of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.pixel_contrast import pixel_contrast
from mmseg.models.losses.self_labelling import prototype_consistency
from mmseg.models.losses.symmetric_cross_entropy import symmetric_cross_entropy
from mmseg.models.uda.augmentation.cutmix import draw_cutmix_box
from mmseg.models.uda.augmentation.replay import replay_mask, replay_strong
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.self_labelling.class_balance import draw_uniform
from mmseg.models.uda.self_labelling.labeller import SelfLabeller
from mmseg.models.uda.self_labelling.prototypes import PrototypeBank, prototype_logits
from mmseg.models.uda.self_labelling.teacher import STRIDE, asked_of_target, nearest, shrunk
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.structures import SegOutput
from mmseg.utils.options.ranges import NonNegative, Pair, Share


@dataclass(frozen=True)
class Contrast:
    """Weight times the contrast of the student's pixels with remembered ones.

    Attributes:
        labeller: remembers.
        aligned: whether a pixel has its own label; in the released code, it has that of another place, see :class:`SelfLabeller`.
        weight: λ; published: 0.001.
    """

    labeller: SelfLabeller
    aligned: bool
    weight: float

    def __call__(self, step: StepContext, output: SegOutput, labels: Tensor) -> Tensor:
        """The loss of a student pass; 0 while the memory is not full.

        Args:
            step: draws the anchors of each image.
            output: of the student.
            labels: [B, p, q] int64 in the frame of the sampled maps.
        """
        memory, temperature = self.labeller.features, self.labeller.temperature
        size = output.embedding.shape[2:]
        rows = nearest(labels, size).flatten(1) if self.aligned else labels.flatten(1)
        generator, losses = step.streams.torch("contrast/anchors"), []
        for embedding, own in zip(output.embedding, rows, strict=True):
            places = draw_uniform(size.numel(), min(self.labeller.samples, size.numel()), generator).to(own.device, non_blocking=True)
            anchors = F.normalize(embedding.flatten(1)[:, places].t().float(), dim=1)
            drawn = own[places]
            if self.aligned:  # what is unknown is like nothing
                drawn = torch.where(drawn == IGNORE, -2, drawn)
            losses.append(pixel_contrast(anchors, drawn, memory.values, memory.labels, temperature))
        loss = torch.where(memory.full, torch.stack(losses).mean(), 0.0)
        return step.log({"contrast.loss": self.weight * loss})


@OBJECTIVES.register_module()
class PrototypeSupervision:
    """Symmetric cross entropy on target crops with rectified labels; into some of the batches, a box of the source is pasted (CutMix).

    Args:
        teacher: labels the target.
        symmetric: (alpha, beta) of :func:`symmetric_cross_entropy`; (1, 0) is the plain one.
        cutmix_probability: share of the batches with a box, the same in all images.
        contrast: on the same pass, in batches without a box; or None.
        view: which view of the target is shown. With the 'strong' one, the labels stay where they are in the 'weak' one, as in the
            released code, which has this as an option that its results do not use.
        start: first iteration.
    """

    def __init__(
        self,
        *,
        teacher: Teacher,
        symmetric: Pair[NonNegative[float]] = (0.1, 1.0),
        cutmix_probability: Share = 0.5,
        contrast: Contrast | None = None,
        view: Literal["weak", "strong"] = "weak",
        start: NonNegative[int] = 0,
    ) -> None:
        self.teacher, self.symmetric, self.cutmix_probability = teacher, tuple(symmetric), cutmix_probability
        self.contrast, self.view, self.start = contrast, view, start

    def __call__(self, step: StepContext) -> Tensor:
        pseudo = step.pseudo_labels(self.teacher)
        image, labels, mixed = self.mix(step, pseudo.labels)
        output = step.forward(image, "target")
        small = shrunk(image.shape)
        logits = resize(output.logits, small, align_corners=True)
        alpha, beta = self.symmetric
        loss = step.log({"target.loss_seg": symmetric_cross_entropy(logits, nearest(labels, small), alpha, beta)})
        if self.contrast is not None and not mixed:
            loss = loss + self.contrast(step, output, pseudo.maps.labels)
        step.record(mixed_image=image, mixed_label=labels)
        return loss

    def mix(self, step: StepContext, labels: Tensor) -> tuple[Tensor, Tensor, bool]:
        """The images and labels that are trained on, and whether a box of the source is in them."""
        image = step.target_image
        if self.view == "strong":
            (image,) = asked_of_target(step.batch, "PrototypeSupervision with view='strong'", "strong")
        rng = step.streams.shared.numpy("cutmix")
        if rng.random() >= self.cutmix_probability:
            return image, labels, False
        box = draw_cutmix_box(rng, *image.shape[2:])
        image, labels = image.clone(), labels.clone()
        box.crop(image).copy_(box.crop(step.batch.source_image))
        box.crop(labels).copy_(box.crop(step.batch.source_label))
        return image, labels, True


@OBJECTIVES.register_module()
class PrototypeConsistency:
    """Weight times the divergence between what prototypes say about the weak view, bent as the strong one, and about the strong view.

    Args:
        teacher: looks at the weak view.
        prototypes: their average W' judges both views.
        temperature: of the probabilities.
        weight: λ; published: 5.
        replay: how the probabilities are bent: as 'published', or 'exact', see :mod:`mmseg.models.uda.augmentation.replay`.
        start: first iteration.
    """

    def __init__(
        self,
        *,
        teacher: Teacher,
        prototypes: PrototypeBank,
        temperature: float,
        weight: NonNegative[float] = 5.0,
        replay: Literal["published", "exact"] = "published",
        start: NonNegative[int] = 0,
    ) -> None:
        self.teacher, self.prototypes, self.temperature = teacher, prototypes, temperature
        self.weight, self.quirks, self.start = weight, replay == "published", start

    def __call__(self, step: StepContext) -> Tensor:
        (image,) = asked_of_target(step.batch, "PrototypeConsistency", "strong")
        weak = step.pseudo_labels(self.teacher).maps.prototypes
        small = tuple(weak.shape[2:])
        bend = {"geometry": step.batch.target_geometry, "stride": STRIDE, "published_quirks": self.quirks}
        expected = replay_strong(weak, fill=0.0, **bend)
        seen = replay_mask(size=small, device=weak.device, **bend)
        output = step.forward(image, "strong")
        embedding = resize(output.embedding, small, align_corners=True)
        loss = prototype_consistency(expected, prototype_logits(embedding, self.prototypes.average, self.temperature), seen)
        return step.log({"consistency.loss": self.weight * loss})
