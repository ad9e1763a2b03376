"""Soft class labels of domains (FADA, Wang et al., ECCV 2020, equations 4 to 6).

Letters: B images, K classes, (H, W) pixels.
"""

from __future__ import annotations

from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32

SOURCE, TARGET = 0, 1
"""Which K of the 2 * K channels of a discriminator belong to a domain."""


def soft_labels(logits: Tensor, temperature: float, ceiling: float) -> Tensor:
    """What a class knows of itself: softmax(z / T), where values above ``ceiling`` are set to it and, as published, not normalised again.

    Args:
        logits: [B, K, H, W].
        temperature: T.
        ceiling: in (0, 1].

    Returns:
        [B, K, H, W] in [0, ceiling], without graph.
    """
    return (at_least_float32(logits.detach()) / temperature).softmax(dim=1).clamp(max=ceiling)


def domain_cross_entropy(answer: Tensor, soft_label: Tensor, domain: int) -> Tensor:
    """-sum over k of a_k * log softmax of the answer at class k of a domain.

    The softmax runs over the classes of both domains together. No pixel is left out, those without a label included.

    Args:
        answer: logits [B, 2 * K, H, W].
        soft_label: a, [B, K, H, W].
        domain: :data:`SOURCE` or :data:`TARGET`.

    Returns:
        [B, H, W].
    """
    known = at_least_float32(answer).log_softmax(dim=1).chunk(2, dim=1)[domain]
    return -(soft_label * known).sum(dim=1)
