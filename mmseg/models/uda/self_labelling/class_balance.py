"""Class-balanced sampling and the moving marginal of the paper (CPSL, section 3.3), which the released code lacks.

Letters: P pixels of an image, M samples, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.utils.errors import UserError


def class_shares(labels: Tensor, num_classes: int) -> Tensor:
    """How large a part of the labelled pixels each class has: int64, K or above where unknown -> [K] float32, 0 without any."""
    flat = labels.flatten()
    counts = torch.zeros(num_classes + 1, device=labels.device)
    counts.index_add_(0, flat.clamp(max=num_classes), torch.ones_like(flat, dtype=counts.dtype))
    return counts[:num_classes] / counts[:num_classes].sum().clamp(min=1)


def moving_marginal(marginal: Tensor, shares: Tensor, momentum: float) -> Tensor:
    """delta_k = momentum * delta_(k-1) + (1 - momentum) * delta_n; both [K] with a sum of 1."""
    return momentum * marginal + (1 - momentum) * shares


def class_counts(shares: Tensor, samples: int) -> Tensor:
    """M_c = round(M * delta_c): [K] -> [K]. The sum may miss M by some, for which the paper has no rule."""
    return (shares * samples).round()


def check_samples(samples: int, pixels: int) -> None:
    """Refuses to draw more pixels than there are.

    Raises:
        UserError: says how many there are.
    """
    if samples > pixels:
        raise UserError(f"samples={samples} are more than the {pixels} pixels of a map of features. Use fewer, or larger crops.")


def draw_uniform(pixels: int, samples: int, generator: torch.Generator) -> Tensor:
    """M of P pixels without replacement: indices int64 [M] on the host, as the generator is."""
    check_samples(samples, pixels)
    return torch.randperm(pixels, generator=generator)[:samples]


def draw_by_class(labels: Tensor, samples: int, num_classes: int, generator: torch.Generator) -> Tensor:
    """M pixels without replacement, of every class as many as :func:`class_counts` says: indices int64 [M].

    Where the counts sum to less than M, the rest comes from all other pixels, unlabelled ones last; where to more, random ones
    are left out. The paper leaves both open.

    Args:
        labels: [P] int64, K or above where unknown.
        samples: M.
        num_classes: K.
        generator: on the host.
    """
    check_samples(samples, len(labels))
    order = draw_uniform(len(labels), len(labels), generator).to(labels.device, non_blocking=True)
    shuffled = labels[order].clamp(max=num_classes)
    by_class = shuffled.argsort(stable=True)
    counts = torch.zeros(num_classes + 1, dtype=torch.int64, device=labels.device)
    counts.index_add_(0, shuffled, torch.ones_like(shuffled))
    rank = torch.empty_like(by_class)  # of a pixel among those of its class, in their random order
    places = torch.arange(len(labels), device=labels.device)
    rank[by_class] = places - (counts.cumsum(0) - counts)[shuffled[by_class]]
    wanted = torch.zeros(num_classes + 1, device=labels.device)
    wanted[:num_classes] = class_counts(class_shares(labels, num_classes), samples)
    # 0: one of the wanted, 1: another labelled pixel, 2: a pixel without a label.
    turn = torch.where(shuffled == num_classes, 2, torch.where(rank < wanted[shuffled], 0, 1))
    return order[turn.argsort(stable=True)[:samples]]
