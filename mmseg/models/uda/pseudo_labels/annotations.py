"""Labels that were asked for are surer than those of a teacher: ours, for active learning (RIPU, Xie et al., CVPR 2022) in self-training.

Letters: B images, (H, W) crop.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mmseg.datasets.classes.names import IGNORE
from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, PseudoLabels, TargetContext
from mmseg.registry import LABELING_STAGES
from mmseg.structures import UDABatch
from mmseg.utils.errors import UserError


def annotation_of(batch: UDABatch, asker: str) -> Tensor:
    """What is labelled of the target crops: int64 [B, H, W], 255 where nothing is.

    Args:
        batch: of the step.
        asker: opens the error.

    Raises:
        UserError: the training asks for no labels.
    """
    if batch.target_annotation is None:
        fix = "Add dict(type='AnnotationRounds', rounds=[…], budget=dict(ratio=…), acquisition=dict(type='RegionImpurity')) to custom_hooks"
        raise UserError(f"{asker} needs labels of the target, but the training asks for none. {fix}.")
    return batch.target_annotation


def override(pseudo: PseudoLabels, annotation: Tensor) -> PseudoLabels:
    """The labels of people, with full weight and confidence, where there are some: [B, H, W] int64, 255 where there are none."""
    known = annotation != IGNORE
    one = torch.ones((), dtype=pseudo.weights.dtype, device=pseudo.weights.device)
    weights, confidence = (torch.where(known, one, values) for values in (pseudo.weights, pseudo.confidence))
    return replace(pseudo, labels=torch.where(known, annotation, pseudo.labels), weights=weights, confidence=confidence)


@LABELING_STAGES.register_module()
class AnnotationOverride(LabelingStage):
    """Annotated pixels have their own label with weight 1, in margins as well; see :func:`override`."""

    def at_the_end(self, pseudo: PseudoLabels, target: TargetContext) -> PseudoLabels:
        """Overrides.

        Raises:
            UserError: the training asks for no labels.
        """
        return override(pseudo, annotation_of(target.batch, "AnnotationOverride"))
