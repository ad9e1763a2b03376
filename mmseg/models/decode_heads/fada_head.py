"""FADA's decoder: four dilated convolutions whose outputs, the logits, are summed.

Source: Wang et al., "Classes Matter: A Fine-grained Adversarial Approach to Cross-domain Semantic Segmentation", ECCV 2020,
whose classifier is the ASPP of DeepLabV2 with all four dilations; names of the layers as in its checkpoints.

Letters: B images, C channels, K classes, (h, w) the encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.models.decode_heads.dilated_branches import dilated_branches
from mmseg.registry import MODELS
from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.options.ranges import Positive, Some


@MODELS.register_module()
class FADAHead(DecodeHead):
    """The sum of four 3x3 convolutions of different dilations: no ``conv_seg``, no dropout.

    It differs from :class:`DLV2Head` in the names of its layers and in how its biases start.

    Args:
        dilations: one 3x3 convolution to K channels each.
        in_channels, in_index, num_classes, align_corners, loss_decode, ignore_index: see :class:`DecodeHead`; the last level by
            default. Published models use ``align_corners=True``.
    """

    output_stride = 8
    classifiers = ("conv2d_list",)

    def __init__(
        self, *, in_channels: Positive[int], num_classes: Positive[int], dilations: Some[Positive[int]] = (6, 12, 18, 24), **shared
    ) -> None:
        super().__init__(in_channels=in_channels, channels=None, num_classes=num_classes, **shared)
        self.conv2d_list = nn.ModuleList(nn.Conv2d(in_channels, num_classes, 3, padding=rate, dilation=rate) for rate in dilations)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .] -> logits [B, K, h, w] of the chosen one."""
        (level,) = self.select(features)
        return sum(map(at_least_float32, dilated_branches(level, self.conv2d_list)))

    def init_weights(self) -> None:
        """Draws the weights from N(0, 0.01) and the biases from torch's default."""
        for branch in self.conv2d_list:
            branch.reset_parameters()
            nn.init.normal_(branch.weight, std=0.01)
        self._is_init = True
