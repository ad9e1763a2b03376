"""DeepLabV2's decoder: parallel dilated convolutions whose outputs, the logits, are summed.

Source: Chen et al., "DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, Atrous Convolution, and
Fully Connected CRFs", TPAMI 2018, section 3.2 (ASPP). Adaptation papers use its first two branches, dilations 6 and 12.

Letters: B images, C channels, K classes, (h, w) the encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.models.decode_heads.dilated_branches import dilated_branches
from mmseg.registry import MODELS
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive, Some

_INIT = {"type": "Normal", "std": 0.01, "override": {"name": "aspp_modules"}}


@MODELS.register_module()
class DLV2Head(DecodeHead):
    """Atrous spatial pyramid pooling that classifies directly: no ``conv_seg``, no dropout.

    Its logits have the stride of the encoder level; 8 with the published dilated ResNet.

    Args:
        dilations: one 3x3 convolution to K channels each.
        init_cfg: how starting weights are drawn: ``dict(type='Normal', std=…, override=dict(name='aspp_modules'))``,
            as published configs spell it.
        in_channels, in_index, num_classes, align_corners, loss_decode, ignore_index: see :class:`DecodeHead`; the last
            level by default.

    Raises:
        UserError: another ``init_cfg``.
    """

    output_stride = 8
    classifiers = ("aspp_modules",)

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        num_classes: Positive[int],
        dilations: Some[Positive[int]] = (6, 12, 18, 24),
        init_cfg: dict | None = None,
        **shared,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            channels=None,
            num_classes=num_classes,
            **shared,
        )
        self.std = _checked_std(init_cfg or _INIT)
        self.aspp_modules = nn.ModuleList(
            ConvModule(in_channels, num_classes, 3, dilation=dilation, padding=dilation, act_cfg=None) for dilation in dilations
        )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .] -> logits [B, K, h, w] of the chosen one."""
        (level,) = self.select(features)
        return sum(map(at_least_float32, dilated_branches(level, [branch.conv for branch in self.aspp_modules])))

    def init_weights(self) -> None:
        """Draws every branch from a normal distribution; biases are 0."""
        for branch in self.aspp_modules:
            nn.init.normal_(branch.conv.weight, std=self.std)
            nn.init.zeros_(branch.conv.bias)
        self._is_init = True


def _checked_std(init_cfg: dict) -> float:
    if {**init_cfg, "std": 0.01} != _INIT:
        raise UserError(f"DLV2Head got init_cfg={init_cfg!r}. Use {_INIT!r} with any std, or leave init_cfg out.")
    return init_cfg.get("std", 0.01)
