"""Depth and density beside the segmentation (depth distribution, Wu and Liu, NeurIPS 2022).

Both branches read the level that the segmentation reads; nothing of them goes back into it.

Letters: B images, C channels, (h, w) the encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmseg.registry import MODELS
from mmseg.structures import Geometry
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive


class AveragedBranch(nn.Module):
    """1x1, 3x3 and 1x1 convolutions whose last channels are averaged to one number, which is not bounded.

    Args:
        in_channels: C.
        channels: of the first two convolutions.
        averaged: of the last one.
    """

    def __init__(self, *, in_channels: int, channels: int, averaged: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv3 = nn.Conv2d(channels, averaged, 1)

    def forward(self, level: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, 1, h, w] float32."""
        hidden = F.relu(self.conv2(F.relu(self.conv1(level))))
        return at_least_float32(self.conv3(hidden)).mean(dim=1, keepdim=True)


@MODELS.register_module()
class DepthDensityHead(BaseModule):
    """Two :class:`AveragedBranch` on one level of the encoder.

    Args:
        in_channels: C of the level.
        in_index: which level; the last one by default.
        channels: width of the branches.
        averaged: channels that are averaged at their end.
        density: whether there is a branch for the density as well.
        init_std: convolutions start from N(0, init_std), as published; None: torch's own start.
    """

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        in_index: int = -1,
        channels: Positive[int] = 512,
        averaged: Positive[int] = 128,
        density: bool = True,
        init_std: Positive[float] | None = 0.01,
    ) -> None:
        super().__init__()
        self.in_channels, self.in_index, self.init_std = in_channels, in_index, init_std
        widths = {"in_channels": in_channels, "channels": channels, "averaged": averaged}
        self.density = AveragedBranch(**widths) if density else None
        self.depth = AveragedBranch(**widths)

    def forward(self, features: Sequence[Tensor]) -> Geometry:
        """Encoder levels [B, C, ., .], finest first -> depth and density [B, 1, h, w].

        Raises:
            UserError: the encoder lacks the level, or gives it another width.
        """
        widths = [level.shape[1] for level in features]
        if not -len(widths) <= self.in_index < len(widths) or widths[self.in_index] != self.in_channels:
            text = f"in_index={self.in_index} and in_channels={self.in_channels}, but the encoder gives levels of {widths} channels"
            raise UserError(f"DepthDensityHead: {text}. Use an in_index from 0 to {len(widths) - 1}, and the in_channels of that level.")
        level = features[self.in_index]
        return Geometry(self.depth(level), None if self.density is None else self.density(level))

    def init_weights(self) -> None:
        """Draws new weights from torch's global generator; biases have torch's own start."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.reset_parameters()
                if self.init_std is not None:
                    nn.init.normal_(module.weight, std=self.init_std)
        self._is_init = True
