"""Correcting the teacher for the target's class priors before it labels: ours, after inference adjustment (Liu et al., CVPR 2022).

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmseg.datasets.statistics.class_priors import image_scores, read_priors, shown_in_target
from mmseg.models.uda.pseudo_labels.labelers import LabelingStage, TargetContext
from mmseg.registry import LABELING_STAGES
from mmseg.utils.options.ranges import NonNegative, Positive, ShareBelowOne


def running_log_ratio(source: Tensor, target: Tensor, bound: float) -> Tensor:
    """log(P_t / P_s) in [-bound, bound]; 0 for a class that the source does not show.

    Args:
        source, target: [K], how often images show each class; need not sum to 1.
        bound: largest absolute value.
    """
    tiny = torch.finfo(target.dtype).tiny
    ratio = ((target / target.sum()).clamp(min=tiny).log() - (source / source.sum()).clamp(min=tiny).log()).clamp(-bound, bound)
    return torch.where(source > 0, ratio, 0.0)


@LABELING_STAGES.register_module()
class PriorCorrection(nn.Module, LabelingStage):
    """Adds tau * log(P_t / P_s) to the teacher's logits: confidence and labels are those of the corrected prediction.

    Args:
        priors: file of ``tools/prepare/priors.py``.
        tau: strength of the correction.
        momentum: share of the old estimate of P_t that is kept in a step; the rest is how often the crops of the step show each class,
            counted as ``tools/prepare/priors.py`` counts images, before the correction. None keeps P_t as the file has it.
        bound: largest absolute value of log(P_t / P_s), against classes that are lost or found by mistake; the largest published one
            is 3.98.

    Attributes:
        shown: estimate of how often target crops show each class, [K] in [0, 1]; saved with a training.
    """

    def __init__(
        self, *, priors: str, tau: NonNegative[float] = 1.0, momentum: ShareBelowOne | None = None, bound: Positive[float] = 4.0
    ) -> None:
        super().__init__()
        known = read_priors(priors)
        self.path, self.tau, self.momentum, self.bound = priors, tau, momentum, bound
        self.register_buffer("pixel_frequency", torch.tensor(known.pixel_frequency, dtype=torch.float32), persistent=False)
        self.register_buffer("source", torch.tensor(known.source, dtype=torch.float32), persistent=False)
        self.register_buffer("shown", torch.tensor(known.target, dtype=torch.float32) / max(known.images, 1))

    def on_logits(self, logits: Tensor, target: TargetContext) -> Tensor:
        """[B, K, H, W] -> [B, K, H, W].

        Raises:
            UserError: the priors are about another number of classes.
        """
        if logits.shape[1] != len(self.source):
            read_priors(self.path, num_classes=logits.shape[1])  # says so
        if self.momentum is not None:
            seen = shown_in_target(image_scores(logits), self.pixel_frequency).float().mean(dim=0)
            all_reduce(seen, "mean")
            self.shown.mul_(self.momentum).add_(seen, alpha=1 - self.momentum)
        return logits + self.tau * running_log_ratio(self.source, self.shown, self.bound)[:, None, None]
