"""Hard pseudo-labels and a frozen teacher on the strong view (CPSL, Li et al., CVPR 2022, stages 2 and 3).

Letters: B images, (H, W) crop, (h, w) a fourth of it.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.losses.distillation import DISTILLATIONS
from mmseg.models.losses.symmetric_cross_entropy import symmetric_cross_entropy
from mmseg.models.uda.augmentation.replay import replay_strong
from mmseg.models.uda.self_labelling.teacher import STRIDE, asked_of_target, nearest, shrunk
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.utils.options.ranges import NonNegative, Pair


@OBJECTIVES.register_module()
class DistilledSupervision:
    """Symmetric cross entropy with the pseudo-labels, bent as the strong view, and weight times the distillation of a teacher.

    Args:
        distilled: the teacher, a segmentor in evaluation mode; it sees the strong view as well.
        distillation: name in :data:`DISTILLATIONS`.
        weight: λ; published: 1.
        symmetric: (alpha, beta) of :func:`symmetric_cross_entropy`; published: the plain one.
        replay: how the labels are bent: as 'published', or 'exact', see :mod:`mmseg.models.uda.augmentation.replay`.
        start: first iteration.
    """

    def __init__(
        self,
        *,
        distilled: nn.Module,
        distillation: Literal["published", "kl"] = "published",
        weight: NonNegative[float] = 1.0,
        symmetric: Pair[NonNegative[float]] = (1.0, 0.0),
        replay: Literal["published", "exact"] = "published",
        start: NonNegative[int] = 0,
    ) -> None:
        self.distilled, self.distillation, self.weight = distilled, DISTILLATIONS[distillation], weight
        self.symmetric, self.quirks, self.start = tuple(symmetric), replay == "published", start

    def __call__(self, step: StepContext) -> Tensor:
        image, labels = asked_of_target(step.batch, "CPSLDistillation", "strong", "label")
        small = shrunk(image.shape)
        geometry = {"geometry": step.batch.target_geometry, "published_quirks": self.quirks}
        bent = replay_strong(nearest(labels, small)[:, None], stride=STRIDE, fill=IGNORE, **geometry)[:, 0]
        output = step.forward(image, "target")
        logits = resize(output.logits, small, align_corners=True)
        losses = {"loss_seg": symmetric_cross_entropy(logits, bent, *self.symmetric)}
        if self.weight:
            with torch.no_grad():
                taught = resize(self.distilled.segment(image).logits, small, align_corners=True)
            losses["loss_distillation"] = self.weight * self.distillation(logits, taught)
        step.record(mixed_image=image, mixed_label=nearest(bent, image.shape[2:]))
        return step.log(losses, "target.")
