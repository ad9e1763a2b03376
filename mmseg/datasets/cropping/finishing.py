"""The last steps of every crop: mirrored, padded, and as tensors.

Letters: (h, w) crop before padding, (H, W) after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mmseg.datasets import transforms
from mmseg.datasets.tensors import image_tensor
from mmseg.structures import Box


def draw_flip(rng: np.random.Generator, probability: float) -> bool:
    """Draws whether a crop is mirrored."""
    return bool(rng.random() < probability)


def finish_image(crop: np.ndarray, size: Sequence[int], flipped: bool, *, black: bool = False) -> dict:
    """Flips and pads a BGR crop [h, w, 3]: ``image`` uint8 [3, H, W] RGB and ``size`` (h, w) before padding.

    Padding has to be 0 after normalisation, so the value here is arbitrary: whoever normalises
    overwrites everything outside ``size``. Where it is to stay black, it counts as a part of the image, and ``size`` is (H, W).
    """
    image = transforms.flip(crop) if flipped else crop
    return {"image": image_tensor(transforms.pad(image, size, 0)), "size": torch.tensor(tuple(size) if black else crop.shape[:2])}


def finish_mask(crop: np.ndarray, size: Sequence[int], flipped: bool, fill: int) -> torch.Tensor:
    """Flips and pads a label or mask: uint8 [h, w] -> [H, W]."""
    mask = transforms.flip(crop) if flipped else crop
    return torch.from_numpy(np.ascontiguousarray(transforms.pad(mask, size, fill)))


def synchronised_crop(sample: dict, box: Box) -> dict:
    """Cuts the same box (:func:`mmseg.datasets.transforms.draw_crop_box`) out of all crops of a sample."""
    domains = [key for key in ("source", "target", "labeled") if key in sample]
    return {**sample, **{key: _cut(sample[key], box) for key in domains}}


def _cut(domain: dict, box: Box) -> dict:
    maps = {key: value[(..., *box.slices)].contiguous() for key, value in domain.items() if getattr(value, "ndim", 0) >= 2}
    left = domain["size"] - torch.tensor([box.y1, box.x1])
    return {**domain, **maps, "size": left.clamp(torch.zeros(2, dtype=left.dtype), torch.tensor([box.height, box.width]))}
