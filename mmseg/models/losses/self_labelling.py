"""Losses of prototypes: they learn their own assignment, and say the same of two views (CPSL, sections 3.2 and 3.3).

Letters: B images, M samples, K classes, (h, w) map.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def self_labelling_loss(assignment: Tensor, logits: Tensor) -> Tensor:
    """Cross entropy with soft labels: [M, K] with rows that sum to 1 and [M, K] scores over the temperature -> scalar."""
    return -(assignment * logits.log_softmax(dim=1)).sum(dim=1).mean()


def prototype_consistency(teacher: Tensor, student: Tensor, seen: Tensor) -> Tensor:
    """Divergence of the student's prototype probabilities in the strong view from the teacher's in the weak one.

    As published, the mean runs over pixels and classes.

    Args:
        teacher: [B, K, h, w] probabilities as the strong view shows them.
        student: [B, K, h, w] logits.
        seen: bool [B, 1, h, w], or of each class, where the strong view shows something of the weak one.

    Returns:
        A scalar, 0 where nothing is seen.
    """
    divergence = F.kl_div(student.log_softmax(dim=1), teacher, reduction="none")
    counted = seen.expand_as(divergence)
    return (divergence * counted).sum() / counted.sum().clamp(min=1)
