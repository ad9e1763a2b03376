"""Networks of the baseline: one pass per crop, the whole attention map, maps and tokens copied into each other's layout.

Letters: B images, C channels, (H, W) the map of the current stage or the full crop, N = H*W tokens, M reduced tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmseg.models.backbones.mix_transformer import DepthwiseConv, EfficientAttention, MixVisionTransformer, OverlapPatchEmbed
from mmseg.models.decode_heads.decode_head import resize
from mmseg.models.decode_heads.dilated_conv import DilatedConv2d
from mmseg.models.losses.cross_entropy import CrossEntropyLoss
from mmseg.models.segmentors.encoder_decoder import EncoderDecoder
from mmseg.models.segmentors.hrda_encoder_decoder import HRDAEncoderDecoder, blur_details, draw_crop_box
from mmseg.structures import Box, SegOutput, View, full_box, sliding_boxes


def copied_tokens(feature_map: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, N, C], both contiguous."""
    return feature_map.flatten(2).transpose(1, 2).contiguous()


def copied_map(tokens: Tensor, height: int, width: int) -> Tensor:
    """[B, N, C] -> [B, C, H, W], both contiguous."""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, height, width).contiguous()


class PlainPatchEmbed(OverlapPatchEmbed):
    """The tokens are a copy of the map."""

    def forward(self, feature_map: Tensor) -> tuple[Tensor, int, int]:
        """[B, C', H', W'] -> tokens [B, N, C], H, W."""
        projected = self.proj(feature_map)
        return self.norm(copied_tokens(projected)), projected.shape[2], projected.shape[3]


class PlainAttention(EfficientAttention):
    """Writes down the [N, M] attention map of every head."""

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """[B, N, C] -> [B, N, C]."""
        context = tokens if self.sr is None else self.norm(copied_tokens(self.sr(copied_map(tokens, height, width))))
        query, key, value = (self.heads(part) for part in (self.q(tokens), *self.kv(context).chunk(2, dim=-1)))
        attention = (query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5).softmax(dim=-1)
        return self.proj_drop(self.proj((attention @ value).transpose(1, 2).reshape(tokens.shape)))

    def heads(self, tokens: Tensor) -> Tensor:
        """[B, N, C] -> [B, heads, N, C/heads], contiguous."""
        return tokens.unflatten(2, (self.num_heads, -1)).transpose(1, 2).contiguous()


class PlainDepthwiseConv(DepthwiseConv):
    """Copies the tokens to a map and back."""

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """[B, N, C] -> [B, N, C]."""
        return copied_tokens(self.dwconv(copied_map(tokens, height, width)))


class PlainMixTransformer(MixVisionTransformer):
    """Its maps are contiguous, not channels-last."""

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """[B, 3, H, W] -> four maps [B, C, ., .] at strides 4, 8, 16 and 32."""
        feature_map, outputs = image.contiguous(), []
        for stage in range(1, 5):
            tokens, height, width = getattr(self, f"patch_embed{stage}")(feature_map)
            for block in getattr(self, f"block{stage}"):
                tokens = block(tokens, height, width)
            feature_map = copied_map(getattr(self, f"norm{stage}")(tokens), height, width)
            outputs.append(feature_map)
        return tuple(outputs)


class PlainCrossEntropy(CrossEntropyLoss):
    """On the map of logits as it is."""

    def forward(self, logits: Tensor, label: Tensor, weight: Tensor | None = None, ignore_index: int = 255) -> Tensor:
        """Logits [B, K, H, W], label and weight [B, H, W]; a scalar, or [B, H, W] with reduction 'none'."""
        loss = F.cross_entropy(logits, label, self.class_weight, ignore_index=ignore_index, reduction="none")
        loss = loss if weight is None else loss * weight
        return self.loss_weight * {"mean": torch.mean, "sum": torch.sum, "none": torch.clone}[self.reduction](loss)


class PlainHRDA(HRDAEncoderDecoder):
    """Encodes the context, then each window of the detail on its own."""

    def forward(self, image: Tensor, rng: np.random.Generator | None = None) -> SegOutput:
        """One training pass over [B, 3, H, W]; ``rng`` draws the detail crop."""
        return self.views_of(image, [draw_crop_box(rng, *image.shape[2:], self.hr_crop_size, self.crop_coord_divisible)])

    def segment(self, image: Tensor) -> SegOutput:
        """One pass over [B, 3, H, W] that draws nothing: detail windows over the whole crop."""
        if not self.hr_slide_inference:
            return self.views_of(image, [full_box(*image.shape[2:])])
        stride = [side // 2 for side in self.hr_crop_size] if self.hr_slide_overlapping else self.hr_crop_size
        return self.views_of(image, sliding_boxes(*image.shape[2:], self.hr_crop_size, stride))

    def views_of(self, image: Tensor, boxes: Sequence[Box]) -> SegOutput:
        """Encodes, decodes and fuses the context and the windows of the detail."""
        size, stride, whole = image.shape[2:], self.decode_head.output_stride, full_box(*image.shape[2:])
        context_image = resize(image, [round(side * self.context_scale) for side in size])
        detail_image = blur_details(image) if self.blur_hr_crop else image
        windows = [box.crop(detail_image).contiguous() for box in boxes]
        context_features, window_features = self.extract_features(context_image), self.encode_windows(windows)
        map_boxes = [box.rescaled(Fraction(1, stride)) for box in boxes]
        fusion = self.decode_head(context_features, window_features, map_boxes, [side // stride for side in size])

        context = View("context", context_image, self.context_scale, whole, context_features, fusion.context)
        region = (windows[0], 1, boxes[0], window_features) if len(boxes) == 1 else (detail_image, 1, whole, ())
        detail = View("detail", *region, fusion.detail)
        feature_views = self._feature_views(context, detail)
        maps = {"attention": fusion.attention, "scaled_context": fusion.scaled_context}
        return SegOutput(logits=fusion.fused, views=(context, detail), feature_views=feature_views, **maps)

    def encode_windows(self, windows: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Encoder levels of all windows; together in one pass only where BatchNorm makes them depend on each other.

        The decoder has BatchNorm and a teacher takes its statistics over all windows, so they are decoded together.
        """
        if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in self.backbone.modules()):
            return self.extract_features(torch.cat(windows))
        return tuple(torch.cat(level) for level in zip(*map(self.extract_features, windows), strict=True))

    def inference_branches(self, image: Tensor, branches: Sequence[str]) -> dict[str, Tensor]:
        """Outputs for [B, 3, H, W]; each outer window encodes all of its detail windows, also those that its neighbour has encoded."""
        height, width = image.shape[2:]
        padded = F.pad(image, (0, -width % self.unit, 0, -height % self.unit))
        maps = {branch: EncoderDecoder.inference(self, padded, branch) for branch in branches}
        return {branch: logits[:, :, :height, :width] for branch, logits in maps.items()}


PLAIN_MODULES: Mapping[type, type] = {
    OverlapPatchEmbed: PlainPatchEmbed,
    EfficientAttention: PlainAttention,
    DepthwiseConv: PlainDepthwiseConv,
    MixVisionTransformer: PlainMixTransformer,
    CrossEntropyLoss: PlainCrossEntropy,
    DilatedConv2d: nn.Conv2d,
    HRDAEncoderDecoder: PlainHRDA,
}
"""The plain form of a module, by its class."""
