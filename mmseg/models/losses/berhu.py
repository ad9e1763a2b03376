"""The reversed Huber loss (Laina et al., "Deeper Depth Prediction with Fully Convolutional Residual Networks", 3DV 2016, section 3.2).

Letters: B images, (H, W) the map.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32

SHARE = 0.2
"""c over the largest difference."""


def berhu(prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
    """|d| up to c, (d^2 + c^2) / (2 c) above, averaged over the pixels; c is a fifth of the largest |d| of the batch.

    As published, c is a constant for the gradient and |d| = c counts as linear. Where everything fits, c is 0 and so is the loss (the
    released code of depth distribution gives NaN).

    Args:
        prediction: [B, 1, H, W].
        target: [B, 1, H, W].
        valid: [B, 1, H, W] bool, which pixels count; None means all of them.

    Returns:
        A scalar; 0 where no pixel counts.
    """
    distance = (at_least_float32(prediction) - target).abs()
    if valid is not None:
        distance = torch.where(valid, distance, 0)
    bound = SHARE * distance.detach().max()
    divisor = 2 * torch.where(bound > 0, bound, 1)
    loss = torch.where(distance <= bound, distance, (distance.square() + bound.square()) / divisor)
    return loss.mean() if valid is None else loss.sum() / valid.sum().clamp(min=1)
