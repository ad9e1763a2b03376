"""A neck that enlarges the last levels of the encoder.

Letters: B images, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive, Some


@MODELS.register_module()
class SegFormerAdapter(BaseModule):
    """Enlarges the last ``len(scales)`` levels bilinearly; the others pass unchanged.

    The default brings the last level of a transformer, stride 32, to the stride 8 of a dilated ResNet, for decoders
    written for the latter (DAFormer, Table 2). The published bottleneck decoder enlarges it to the size of the first level.

    Args:
        scales: one factor per level, the last factor for the last level.

    Raises:
        UserError: the encoder has fewer levels.
    """

    def __init__(self, *, scales: Some[Positive[float]] = (4,)) -> None:
        super().__init__()
        self.scales = tuple(scales)

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """[B, C, h, w] per level -> the same levels, the last ones [B, C, scale*h, scale*w]."""
        kept = len(features) - len(self.scales)
        if kept < 0:
            text = f"scales={self.scales} for the {len(features)} levels of the encoder"
            raise UserError(f"SegFormerAdapter: {text}. Give one factor for each of the last levels.")
        pairs = zip(features[kept:], self.scales, strict=True)
        return (*features[:kept], *(F.interpolate(level, scale_factor=scale, mode="bilinear") for level, scale in pairs))
