"""From teacher logits to pseudo-labels with weights (DAFormer, section 3.2; HRDA, section 3.4).

Letters: B images, K classes, (H, W) crop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmseg.utils.precision import at_least_float32


@dataclass(frozen=True)
class PseudoLabels:
    """What the teacher says about a target batch.

    Attributes:
        labels: [B, H, W] int64 train ids.
        weights: [B, H, W] float32 in [0, 1], the weight of each pixel in the loss.
        confident_share: scalar, share of pixels above the threshold, before margins are ignored.
    """

    labels: Tensor
    weights: Tensor
    confident_share: Tensor


def confidence_weighted(logits: Tensor, threshold: float | None) -> PseudoLabels:
    """The most likely class of every pixel, weighted by how often the teacher is sure.

    The weight is one number for the whole batch: the share of its pixels whose largest probability
    reaches ``threshold``.

    Args:
        logits: [B, K, H, W] of the teacher.
        threshold: in [0, 1]; None trusts every pixel.
    """
    # Classes last, a view where the decoder is channels-last: along them the softmax of another layout would copy.
    confidence, labels = at_least_float32(logits).permute(0, 2, 3, 1).softmax(dim=3).max(dim=3)
    share = (confidence >= (threshold or 0.0)).float().mean()
    return PseudoLabels(labels, share.expand_as(confidence).clone(), share)


def ignore_rows(pseudo: PseudoLabels, top: int, bottom: int) -> PseudoLabels:
    """Zero weight for the first ``top`` and the last ``bottom`` rows of every crop (rectification borders, ego vehicle)."""
    weights = pseudo.weights.clone()
    weights[:, :top] = 0
    weights[:, weights.shape[1] - bottom :] = 0
    return replace(pseudo, weights=weights)


def ignore_invalid(pseudo: PseudoLabels, valid: Tensor) -> PseudoLabels:
    """Zero weight where ``valid`` [B, H, W] is 0."""
    return replace(pseudo, weights=pseudo.weights * valid.to(pseudo.weights.dtype))


@torch.no_grad()
def label_target(logits: Tensor, valid: Tensor | None, *, threshold: float | None, ignore_top: int, ignore_bottom: int) -> PseudoLabels:
    """The stages of DACS in their order: confidence weight, then ignored margins.

    Args:
        logits: [B, K, H, W] teacher logits at crop size.
        valid: [B, H, W] uint8 mask of the loader, or None.
        threshold: confidence that counts as sure; None trusts every pixel.
        ignore_top, ignore_bottom: rows of the crop without weight; exclude ``valid``.
    """
    pseudo = confidence_weighted(logits, threshold)
    if ignore_top or ignore_bottom:
        pseudo = ignore_rows(pseudo, ignore_top, ignore_bottom)
    return pseudo if valid is None else ignore_invalid(pseudo, valid)
