"""DANet's decoder: attention among the pixels and attention among the channels, summed.

Source: Fu et al., "Dual Attention Network for Scene Segmentation", CVPR 2019, section 3. In the paper every
attention weight is a softmax of products; as in the authors' code and in published checkpoints, the one
among channels is a softmax of *maximum minus product*, so that a channel looks at those that differ from it.

Letters: B images, C channels, K classes, (h, w) the chosen encoder level.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.cnn import ConvModule, Scale
from torch import Tensor, nn

from mmseg.models.decode_heads.decode_head import Decoded, DecodeHead
from mmseg.models.decode_heads.layers import attend_pixels
from mmseg.models.layer_options import NormConfig
from mmseg.registry import MODELS
from mmseg.utils.options.ranges import Positive

RELU = {"type": "ReLU"}


def attend_channels(feature_map: Tensor) -> Tensor:
    """Every channel becomes the mean of all channels, weighted by how little they have in common: [B, C, h, w] -> the same."""
    flat = feature_map.flatten(2)
    products = flat @ flat.transpose(1, 2)  # [B, C, C]
    weights = (products.amax(dim=2, keepdim=True) - products).softmax(dim=2)
    return (weights @ flat).view_as(feature_map)


class PositionAttention(nn.Module):
    """A map plus gamma times :func:`attend_pixels` of it; gamma is learned and starts at 0.

    Args:
        channels: channels of the map, kept.
        hidden_channels: channels of query and key.
    """

    def __init__(self, *, channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.key_project = nn.Conv2d(channels, hidden_channels, 1)
        self.query_project = nn.Conv2d(channels, hidden_channels, 1)
        self.value_project = nn.Conv2d(channels, channels, 1)
        self.gamma = Scale(0.0)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C, h, w]."""
        query, key, value = self.query_project(feature_map), self.key_project(feature_map), self.value_project(feature_map)
        return feature_map + self.gamma(attend_pixels(query, key, value, scale=1.0))


class ChannelAttention(nn.Module):
    """A map plus gamma times :func:`attend_channels` of it; gamma is learned and starts at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = Scale(0.0)

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, C, h, w]."""
        return feature_map + self.gamma(attend_channels(feature_map))


@MODELS.register_module()
class DAHead(DecodeHead):
    """Position attention (pam) and channel attention (cam) side by side.

    The sum of both is the prediction. Each of them also has a classifier and a loss of its own, of equal weight;
    :class:`HRDAHead` trains the sum alone.

    Args:
        pam_channels: channels of query and key of the position attention.
        in_channels, in_index, channels, num_classes, dropout_ratio, norm_cfg, align_corners,
            loss_decode, ignore_index: see :class:`DecodeHead`; one level, usually the last.
    """

    output_stride = 8  # of a dilated ResNet's last level
    classifiers = ("conv_seg", "pam_conv_seg", "cam_conv_seg")

    def __init__(
        self,
        *,
        in_channels: Positive[int],
        channels: Positive[int],
        num_classes: Positive[int],
        pam_channels: Positive[int],
        norm_cfg: NormConfig | None = None,
        **shared,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            channels=channels,
            num_classes=num_classes,
            norm_cfg=norm_cfg,
            **shared,
        )
        options = {"padding": 1, "norm_cfg": norm_cfg, "act_cfg": RELU}
        self.pam_in_conv = ConvModule(in_channels, channels, 3, **options)
        self.pam = PositionAttention(channels=channels, hidden_channels=pam_channels)
        self.pam_out_conv = ConvModule(channels, channels, 3, **options)
        self.pam_conv_seg = nn.Conv2d(channels, num_classes, 1)
        self.cam_in_conv = ConvModule(in_channels, channels, 3, **options)
        self.cam = ChannelAttention()
        self.cam_out_conv = ConvModule(channels, channels, 3, **options)
        self.cam_conv_seg = nn.Conv2d(channels, num_classes, 1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Encoder levels [B, C, ., .], finest first -> logits [B, K, h, w]."""
        return self.decode(features).logits

    def decode(self, features: Sequence[Tensor]) -> Decoded:
        """The prediction from the sum of both attentions, and the three logits that are trained [B, K, h, w]."""
        (level,) = self.select(features)
        position = self.pam_out_conv(self.pam(self.pam_in_conv(level)))
        channel = self.cam_out_conv(self.cam(self.cam_in_conv(level)))
        embedding = position + channel
        logits = self.classify(embedding)
        own = {"pam": self.pam_conv_seg(self.dropout(position)), "cam": self.cam_conv_seg(self.dropout(channel))}
        return Decoded(logits, embedding, {"pam_cam": logits, **own})
