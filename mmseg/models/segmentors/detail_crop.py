"""Where HRDA's detail view looks in a training, and the ablation that takes its details away.

Source: Hoyer et al., "HRDA: Context-Aware High-Resolution Domain-Adaptive Semantic Segmentation", ECCV 2022, section 3 and table 6.

Letters: B images, (H, W) full crop, (h, w) detail crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from mmseg.models.decode_heads.decode_head import resize
from mmseg.structures import Box, full_box
from mmseg.utils.errors import UserError


def draw_crop_box(rng: np.random.Generator, height: int, width: int, crop: Sequence[int], divisible: int) -> Box:
    """Draws where the detail crop lies; one box for the whole batch.

    As published, the last possible offset is never drawn (its upper bound is exclusive), the row is
    drawn before the column, and nothing is drawn if the crop is the image.

    Args:
        rng: generator of this pass.
        height, width: size of the image in pixels.
        crop: (h, w) of the crop.
        divisible: offsets are multiples of it.

    Raises:
        UserError: the crop is larger than the image.
    """
    if crop[0] > height or crop[1] > width:
        text = f"detail crop {crop[0]}x{crop[1]} does not fit into the {height}x{width} training crop"
        raise UserError(f"HRDAEncoderDecoder: {text}. Use hr_crop_size <= ({height}, {width}) or a larger crop_size.")
    if (crop[0], crop[1]) == (height, width):
        return full_box(height, width)
    margins = (height - crop[0], width - crop[1])
    y1, x1 = (int(rng.integers(0, max((margin + 1) // divisible, 1))) * divisible for margin in margins)
    return Box(y1, y1 + crop[0], x1, x1 + crop[1])


def blur_details(image: Tensor) -> Tensor:
    """Halves the resolution and enlarges again: [B, 3, H, W] -> the same size without fine details (table 6 of the paper)."""
    height, width = image.shape[2:]
    return resize(resize(image, (height // 2, width // 2)), (height, width))
