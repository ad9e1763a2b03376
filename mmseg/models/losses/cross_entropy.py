"""Pixel-wise cross entropy with pixel weights, and accuracy.

Letters: B images, K classes, (H, W) pixels.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.registry import MODELS
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import NonNegative, Positive, Some


def cross_entropy(
    logits: Tensor,
    label: Tensor,
    *,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = 255,
) -> Tensor:
    """Cross entropy whose mean runs over *all* pixels, ignored ones and weight-0 ones included.

    The published losses are defined this way: a pixel weight scales the loss and is not normalised away,
    so that an uncertain pseudo-label lowers the gradient instead of shifting it to other pixels.

    Args:
        logits: [B, K, H, W]; computed in float32 at least.
        label: [B, H, W] int64 in 0..K-1, or ``ignore_index``.
        weight: [B, H, W] factor per pixel; None means 1.
        class_weight: [K] factor per class of the label; None means 1.
        reduction: 'mean', 'sum' or 'none'.
        ignore_index: label that costs nothing.

    Returns:
        A scalar, or [B, H, W] with 'none'.
    """
    # Classes last: twice as fast as the map form on the CPU, and a view where the decoder is channels-last.
    flat = at_least_float32(logits).permute(0, 2, 3, 1).reshape(-1, logits.shape[1])
    loss = F.cross_entropy(flat, label.reshape(-1), class_weight, ignore_index=ignore_index, reduction="none").view_as(label)
    loss = loss if weight is None else loss * weight
    return {"mean": torch.mean, "sum": torch.sum, "none": torch.clone}[reduction](loss)


def sum_of_weights(label: Tensor, class_weight: Tensor, ignore_index: int) -> Tensor:
    """The sum of the class weights [K] of all labelled pixels of [B, H, W], a scalar; 1 where it is 0."""
    known = label != ignore_index
    total = (class_weight[torch.where(known, label, 0)] * known).sum()
    return torch.where(total > 0, total, 1)


@torch.no_grad()
def accuracy(logits: Tensor, label: Tensor) -> Tensor:
    """Percentage of pixels whose label has the largest logit; ignored pixels count as wrong.

    Args:
        logits: [B, K, H, W].
        label: [B, H, W] int64 in 0..K-1, or above (ignored).

    Returns:
        A scalar in [0, 100].
    """
    known = label < logits.shape[1]
    own = logits.gather(1, torch.where(known, label, 0)[:, None])[:, 0]
    right = known & (own >= logits.amax(1))  # many times faster than argmax over this dimension on the CPU
    return right.float().mean() * 100


@MODELS.register_module()
class CrossEntropyLoss(nn.Module):
    """:func:`cross_entropy` with the options of a config.

    Args:
        use_sigmoid: must be False; kept because published configs say so explicitly.
        loss_weight: factor of the loss.
        class_weight: one factor per class, or None.
        reduction: 'mean' or 'sum'.
        avg_non_ignore: the mean runs over labelled pixels, as in FADA, instead of over all; without any it is 0.
        avg_class_weight: the mean runs over labelled pixels and divides by the sum of their class weights instead of by their number,
            as torch's own does: what depth distribution was published with.
        temperature: logits are divided by it; 1.8 in FADA.
    """

    def __init__(
        self,
        *,
        use_sigmoid: bool = False,
        loss_weight: NonNegative[float] = 1.0,
        class_weight: Some[NonNegative[float]] | None = None,
        reduction: Literal["mean", "sum"] = "mean",
        avg_non_ignore: bool = False,
        avg_class_weight: bool = False,
        temperature: Positive[float] = 1.0,
    ) -> None:
        super().__init__()
        if use_sigmoid:
            raise UserError("CrossEntropyLoss got use_sigmoid=True, but classes exclude each other here. Use use_sigmoid=False.")
        self.loss_weight = loss_weight
        self.reduction, self.temperature = reduction, temperature
        self.avg_non_ignore, self.avg_class_weight = avg_non_ignore or avg_class_weight, avg_class_weight and class_weight is not None
        factors = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
        self.register_buffer("class_weight", factors, persistent=False)

    def forward(self, logits: Tensor, label: Tensor, weight: Tensor | None = None, ignore_index: int = 255) -> Tensor:
        """See :func:`cross_entropy`; the result is multiplied by ``loss_weight``."""
        options = {"weight": weight, "class_weight": self.class_weight, "reduction": self.reduction, "ignore_index": ignore_index}
        loss = self.loss_weight * cross_entropy(logits if self.temperature == 1 else logits / self.temperature, label, **options)
        if self.avg_class_weight and self.reduction == "mean":
            return loss * (label.numel() / sum_of_weights(label, self.class_weight, ignore_index))
        if self.avg_non_ignore and self.reduction == "mean":
            return loss * (label.numel() / (label != ignore_index).sum().clamp(min=1))
        return loss
