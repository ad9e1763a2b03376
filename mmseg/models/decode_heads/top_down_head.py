"""The decoder of VFM-UDA++: from the coarsest level down to the finest, half as many channels at each.

Sources: Englert et al., VFM-UDA++ (arXiv 2503.10685), section 3; the pathway is that of Lin et al., "Feature Pyramid Networks for Object
Detection", CVPR 2017, with transposed convolutions.

Letters: B images, C channels, K classes, (h, w) the finest level.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from torch import Tensor, nn

from mmseg.models.backbones.timm_networks.sizes import top_left
from mmseg.models.decode_heads.decode_head import DecodeHead
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Positive, Some


class TopDownStep(nn.Module):
    """A map, enlarged by 2 with half of its channels, plus the next finer level.

    Args:
        channels: of the map.
        lateral: of the finer level.
        norm_cfg: of the convolution behind the sum.
    """

    def __init__(self, channels: int, lateral: int, norm_cfg: NormConfig) -> None:
        super().__init__()
        half = channels // 2
        self.enlarge = nn.ConvTranspose2d(channels, half, kernel_size=2, stride=2)
        self.lateral = nn.Conv2d(lateral, half, kernel_size=1)
        self.mix = ConvModule(half, half, kernel_size=3, padding=1, norm_cfg=norm_cfg)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """[B, C, ., .] and [B, C', h, w] -> [B, C / 2, h, w]."""
        return self.mix(top_left(self.enlarge(coarse), fine.shape[2:]) + self.lateral(fine))


@MODELS.register_module()
class TopDownHead(DecodeHead):
    """Levels at strides 4, 8, 16 and 32 -> logits [B, K, h, w] at stride 4.

    Args:
        in_channels: of the levels, finest first. The last one's are halved at every step, so they are a multiple of 2^(levels - 1).
        in_index: which levels; all by default.
        norm_cfg: of the convolutions, ``dict(type='BN')`` as published.
        num_classes, align_corners, loss_decode, ignore_index: see :class:`DecodeHead`.

    Raises:
        UserError: channels that cannot be halved as often.
    """

    def __init__(
        self,
        *,
        in_channels: Some[Positive[int]],
        num_classes: Positive[int],
        in_index: Some[int] | None = None,
        norm_cfg: NormConfig | None = None,
        **shared,
    ) -> None:
        norm_cfg, steps = norm_cfg or {"type": "BN"}, len(in_channels) - 1
        levels = range(len(in_channels)) if in_index is None else in_index
        shared |= {"in_channels": in_channels, "in_index": list(levels), "num_classes": num_classes, "norm_cfg": norm_cfg}
        super().__init__(channels=None, **shared)
        if in_channels[-1] % 2**steps:
            fix = f"Use a multiple of {2**steps} for the last one."
            raise UserError(f"TopDownHead: in_channels={list(in_channels)} are halved {steps} times. {fix}")
        widths = [in_channels[-1] // 2**step for step in range(steps)]
        self.steps = nn.ModuleList(TopDownStep(*pair, norm_cfg) for pair in zip(widths, reversed(in_channels[:-1]), strict=True))
        last = in_channels[-1] // 2**steps
        self.smooth = nn.Conv2d(last, last, kernel_size=3, padding=1)
        self.conv_seg = nn.Conv2d(last, num_classes, kernel_size=1, bias=False)
        self.dropout = nn.Identity()

    def embed(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels -> the map [B, C / 2^(levels - 1), h, w] of the finest one."""
        *finer, x = self.select(features)
        for step, level in zip(self.steps, reversed(finer), strict=True):
            x = step(x, level)
        return self.smooth(x)

    def init_weights(self) -> None:
        """Torch's defaults, He's convolutions before a ReLU, and normal 0.1 for the classifier, as published."""
        for step in self.steps:
            step.enlarge.reset_parameters()
            step.lateral.reset_parameters()
            step.mix.init_weights()
        self.smooth.reset_parameters()
        nn.init.normal_(self.conv_seg.weight, std=0.1)
        self._is_init = True
