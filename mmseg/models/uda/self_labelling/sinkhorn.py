"""Soft assignment of samples to classes whose shares are given: optimal transport (Cuturi, NIPS 2013; CPSL, section 3.3).

An assignment is softmax(scores / epsilon + offsets) with one offset per class, which Sinkhorn's iterations find. In log space nothing
overflows, and a class without mass is left out where the quotients of the published code become NaN.

Letters: N samples, R samples that are remembered, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32


@torch.no_grad()
def balanced_assignment(
    scores: Tensor,
    marginal: Tensor,
    *,
    epsilon: float,
    iterations: int,
    remembered: Tensor | None = None,
    counted: Tensor | None = None,
) -> Tensor:
    """Assigns samples such that the classes have about the shares ``marginal`` of all samples, remembered ones among them.

    The classes get their shares, then every sample its sum of 1, ``iterations`` times in turn: the sums of the samples are exact, and the
    shares are not.

    Args:
        scores: [N, K], how well a sample fits a class.
        marginal: [K] shares of the classes, 0 or above with a sum of 1; a class of share 0 gets nothing.
        epsilon: smoothness of the assignment, above 0, in units of the scores.
        iterations: 1 or more.
        remembered: [R, K] scores of further samples, which take part without being returned; None for none.
        counted: whether they do, a scalar bool on the device, which the host need not read.

    Returns:
        [N, K] in [0, 1], float32 at least; the rows sum to 1.
    """
    scaled = at_least_float32(scores) / epsilon
    parts = [scaled] if remembered is None else [scaled, at_least_float32(remembered) / epsilon]
    # Classes first: sums over the samples run along memory, which is twice as fast on a CPU.
    every = torch.cat([part.t() for part in parts], dim=1)
    absent = None
    if counted is not None:
        absent = (torch.arange(every.shape[1], device=every.device) >= len(scaled)) & ~counted
    offsets = class_offsets(every, marginal.to(every.dtype), iterations, absent)
    return (scaled + offsets).softmax(dim=1)


def class_offsets(scores: Tensor, marginal: Tensor, iterations: int, absent: Tensor | None = None) -> Tensor:
    """What Sinkhorn's iterations add to the scores of each class [K]; minus infinity for a class without mass.

    Args:
        scores: [K, N] over epsilon.
        marginal: [K].
        iterations: see :func:`balanced_assignment`.
        absent: bool [N], samples that take no part; None for none.
    """
    offsets = torch.where(marginal > 0, 0.0, -torch.inf).to(scores.dtype)
    log_marginal, shares = marginal.log(), scores
    for iteration in range(iterations):
        if iteration:  # the published code does not scale the samples before the first iteration
            shares = (scores + offsets[:, None]).log_softmax(dim=0)
        masses = (shares if absent is None else shares.masked_fill(absent, -torch.inf)).logsumexp(dim=1)
        offsets = torch.where(marginal > 0, offsets + log_marginal - masses, offsets)
    return offsets
