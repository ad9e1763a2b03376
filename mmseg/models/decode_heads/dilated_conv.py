"""Depthwise convolutions with a large dilation that are also fast on a CPU.

oneDNN has no fast kernel for them on channels-last maps: on 1024x128x128 and at dilation 18 torch takes five times as long as on a plain
map. A dilated convolution is, however, one without dilation on each of the d*d sub-images that hold every d-th row and column, so the
sub-images are put into the batch ("space to batch", Chen et al., DeepLab, TPAMI 2018, section 3.1).

Letters: B images, C channels, (H, W) the map, d dilation, (P, Q) rows and columns of a sub-image.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SUB_IMAGE = 2  # pixels of its shorter side from which the detour pays (measured with torch 2.14 on AVX-512, in float32 and bfloat16)


def sub_image_convolution(feature_map: Tensor, weight: Tensor, dilation: int) -> Tensor:
    """A 3x3 depthwise convolution of stride 1 and padding d by way of the sub-images.

    Args:
        feature_map: [B, C, H, W], fastest if channels-last in memory.
        weight: [C, 1, 3, 3].
        dilation: d.

    Returns:
        [B, C, H, W] in channels-last memory; equals ``F.conv2d(..., padding=d, dilation=d, groups=C)`` up to rounding.
    """
    batch, channels, height, width = feature_map.shape
    padded = F.pad(feature_map, (0, -width % dilation, 0, -height % dilation)).permute(0, 2, 3, 1)
    cells = padded.unflatten(2, (-1, dilation)).unflatten(1, (-1, dilation))  # [B, P, d, Q, d, C]
    rows, columns = cells.shape[1], cells.shape[3]
    sub_images = cells.permute(0, 2, 4, 1, 3, 5).reshape(-1, rows, columns, channels).permute(0, 3, 1, 2)
    result = F.conv2d(sub_images, weight, padding=1, groups=channels).permute(0, 2, 3, 1)
    cells = result.reshape(batch, dilation, dilation, rows, columns, channels).permute(0, 3, 1, 4, 2, 5)
    merged = cells.reshape(batch, rows * dilation, columns * dilation, channels)
    return merged[:, :height, :width].contiguous().permute(0, 3, 1, 2)


def on_eager_cpu(feature_map: Tensor) -> bool:
    """Whether a map is computed here and now on a CPU; a program that is compiled or exported may run elsewhere."""
    return feature_map.device.type == "cpu" and not torch.compiler.is_compiling()


def decoder_layout(feature_map: Tensor) -> Tensor:
    """A map in the memory format that a wide decoder is fastest with.

    On a CPU that is the plain one in float32 (a step of DAFormer's decoder takes 6 to 30 % less time than with channels-last maps,
    from 16x16 to 128x128 pixels), and channels-last in bfloat16. Elsewhere the map stays as it is.

    Args:
        feature_map: [B, C, H, W].
    """
    plain = feature_map.dtype == torch.float32 and on_eager_cpu(feature_map)
    return feature_map.contiguous() if plain else feature_map


class DilatedConv2d(nn.Conv2d):
    """``nn.Conv2d`` with the same parameters and results; depthwise ones of channels-last maps are faster on a CPU."""

    def forward(self, feature_map: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C', H', W']."""
        dilation = self.dilation[0]
        depthwise = self.groups == self.in_channels == self.out_channels and self.kernel_size == (3, 3) and self.bias is None
        same_size = self.padding == self.dilation and self.stride == (1, 1)
        if not (depthwise and same_size and dilation > 1 and on_eager_cpu(feature_map)) or feature_map.is_contiguous():
            return super().forward(feature_map)
        if min(feature_map.shape[2:]) >= SUB_IMAGE * dilation:
            return sub_image_convolution(feature_map, self.weight, dilation)
        return super().forward(feature_map.contiguous())
