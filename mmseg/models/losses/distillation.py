"""Distillation of a frozen network into a student (CPSL, stages 2 and 3; Hinton et al., 2015).

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


def divergence(student: Tensor, teacher: Tensor) -> Tensor:
    """The mean over pixels of KL(teacher || student), which was meant; logits [B, K, h, w] -> scalar."""
    own, given = (at_least_float32(logits).log_softmax(dim=1) for logits in (student, teacher))
    return F.kl_div(own, given, reduction="none", log_target=True).sum(dim=1).mean()


DISTILLATIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType({"published": published_distillation, "kl": divergence})
