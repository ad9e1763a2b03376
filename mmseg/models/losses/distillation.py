"""Distillation of a frozen network into a student (CPSL, stages 2 and 3; Hinton et al., arXiv 1503.02531).

Letters: B images, K classes, (h, w) map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch.nn.functional as F
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32


def published_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """What the released code trained with: the mean over pixels and classes of t * (log t - s), with the student's probabilities s.

    Probabilities stand where a divergence has log-probabilities, so that it can be negative and its gradient is -t through the softmax.

    Args:
        student: [B, K, h, w] logits.
        teacher: [B, K, h, w] logits.
    """
    own, given = (at_least_float32(logits).softmax(dim=1) for logits in (student, teacher))
    return F.kl_div(own, given, reduction="none").mean()


def divergence(student: Tensor, teacher: Tensor, *, temperature: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """T² times the mean over pixels of KL(teacher || student), of logits that are divided by the temperature T; a scalar.

    That is the cross entropy with the teacher's probabilities less their entropy: 0 where both say the same, and so is its gradient.
    T² keeps the size of the gradient, whatever the temperature (Hinton et al., section 2).

    Args:
        student: [B, K, h, w] logits.
        teacher: [B, K, h, w] logits.
        temperature: T above 0; a larger one shows more of what the teacher says about improbable classes.
        weight: [B, h, w] of the pixels, which the mean is weighted with: 0 leaves one out. None for 1; where all are 0, the loss is 0.
    """
    own, given = (at_least_float32(logits).div(temperature).log_softmax(dim=1) for logits in (student, teacher))
    pixels = F.kl_div(own, given, reduction="none", log_target=True).sum(dim=1)
    if weight is None:
        return temperature**2 * pixels.mean()
    return temperature**2 * (weight * pixels).sum() / weight.sum().clamp(min=1)


DISTILLATIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType({"published": published_distillation, "kl": divergence})
