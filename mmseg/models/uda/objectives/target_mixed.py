"""Self-training on mixed images without a source: what the teacher is sure of in one target crop is pasted into another (ours).

As class mixing of DACS (Tranheden et al., WACV 2021), whose source it replaces; ClassMix itself (Olsson et al., WACV 2021) mixes unlabelled
images with each other as well, but whole classes of them, sure or not.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.uda.objectives.mixed import MixedSupervision
from mmseg.models.uda.pseudo_labels.labelers import PseudoLabels
from mmseg.models.uda.step import StepContext
from mmseg.registry import OBJECTIVES
from mmseg.structures import UDABatch, shown_classes
from mmseg.utils.options.ranges import Share


def target_donors(batch: UDABatch, pseudo: PseudoLabels, threshold: float) -> UDABatch:
    """A batch whose source is the next target crop, labelled where its pseudo-label is sure and counts; a single crop is its own.

    Args:
        batch: with target crops.
        pseudo: their labels.
        threshold: confidence from which one is sure.
    """
    sure = (pseudo.confidence >= threshold) & (pseudo.weights > 0)
    label = torch.where(sure, pseudo.labels, IGNORE).roll(-1, dims=0)
    classes = tuple(value for value in shown_classes(label) if value != IGNORE)
    return replace(batch, source_image=batch.target_image.roll(-1, dims=0), source_label=label, source_classes=classes)


@OBJECTIVES.register_module()
class TargetMixedSupervision(MixedSupervision):
    """Weighted cross entropy on target crops with sure classes of another target crop in them; see :func:`target_donors`.

    Args:
        threshold: confidence from which a pixel is pasted; with its pseudo-label, it counts fully.
        shared: see :class:`MixedSupervision`.
    """

    blind = False

    def __init__(self, *, threshold: Share = 0.968, **shared) -> None:
        super().__init__(**shared)
        self.threshold = threshold

    def __call__(self, step: StepContext) -> Tensor:
        donors = target_donors(step.batch, step.pseudo_labels(self.teacher), self.threshold)
        return super().__call__(replace(step, batch=donors))
