"""How a training crop is cut: the options of one domain.

Letters: (H, W) crop; sizes are (height, width), scales (width, height) as in all configs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmseg.datasets import transforms
from mmseg.datasets.reading.headers import MAX_PIXELS
from mmseg.structures import Box
from mmseg.utils.errors import UserError
from mmseg.utils.options.ranges import Four, NonNegative, Pair, Positive, Share


@dataclass(frozen=True, kw_only=True)
class CropOptions:
    """The dictionaries ``source_crop`` and ``target_crop`` of a config.

    Attributes:
        img_scale: (w, h) that the image is resized to fit into, aspect ratio kept, pixels.
        crop_size: (H, W) of the crop, pixels.
        cat_max_ratio: a crop is redrawn, up to 10 times, while one class fills this share of its labelled
            pixels; 1 accepts every crop. Source only.
        flip_prob: probability of mirroring left and right.
        pad: whether a resized image smaller than the crop is padded, with 0 as the network sees it, or 'black' before it is normalised (as
            Wu and Liu do); otherwise it is an error.
        photo_metric_distortion: whether brightness, contrast, saturation and hue are changed at random
            ("CAug" in the published names). Source only.
        color_jitter: strengths of torchvision's jitter of brightness, contrast, saturation and hue, before the image is resized;
            (0.5, 0.5, 0.5, 0.2) in FADA. Source only.
        keep_ratio: False resizes to exactly ``img_scale``; 'width' to its width, and the height follows, rounded down (as in CPSL); 'fit'
            into it as it stands, rounded down (as Wu and Liu do with Mapillary).
        ratio_range: bounds of a factor of ``img_scale`` that is drawn for each image.
        interpolation: 'bilinear' (OpenCV's), 'bicubic' (Pillow's, as in FADA), or 'pillow_bilinear' (as in CPSL); those of Pillow with
            its nearest neighbour for labels.
    """

    img_scale: Pair[Positive[int]]
    crop_size: Pair[Positive[int]]
    cat_max_ratio: Share = 1.0
    flip_prob: Share = 0.5
    pad: bool | Literal["black"] = False
    photo_metric_distortion: bool = False
    color_jitter: Four[NonNegative[float]] | None = None
    keep_ratio: transforms.KeepRatio = True
    ratio_range: Pair[Positive[float]] | None = None
    interpolation: transforms.Interpolation = "bilinear"

    def __post_init__(self) -> None:
        for name in ("img_scale", "crop_size"):
            first, second = getattr(self, name)
            if first * second > MAX_PIXELS:
                raise UserError(f"{name}=({first}, {second}) is more than the {MAX_PIXELS} pixels that an image may have. Use less.")
        if self.ratio_range is not None and self.ratio_range[0] > self.ratio_range[1]:
            raise UserError(f"ratio_range={tuple(self.ratio_range)} begins above its end. Give (smallest, largest).")
        if self.color_jitter is not None:
            transforms.check_jitter(self.color_jitter)
        least = 1.0 if self.ratio_range is None else self.ratio_range[0]
        long, short = (max(int(side * least), 1) for side in (max(self.img_scale), min(self.img_scale)))
        if max(self.crop_size) > long or min(self.crop_size) > short:
            self.check_fits((short, long) if self.img_scale[0] >= self.img_scale[1] else (long, short))

    @property
    def whole(self) -> bool:
        """Whether every crop is a whole image."""
        return self.keep_ratio in (False, "fit") and self.ratio_range is None and tuple(self.crop_size) == tuple(reversed(self.img_scale))

    def resized(self, size: Sequence[int], rng: np.random.Generator) -> tuple[int, int]:
        """The size (h, w) that an image of ``size`` (H, W) is resized to; draws where there is a ``ratio_range``."""
        return self.scaled(size, 1.0 if self.ratio_range is None else rng.uniform(*self.ratio_range))

    def smallest(self, size: Sequence[int]) -> tuple[int, int]:
        """The smallest size (h, w) that :meth:`resized` gives an image of ``size`` (H, W)."""
        return self.scaled(size, 1.0 if self.ratio_range is None else self.ratio_range[0])

    def scaled(self, size: Sequence[int], factor: float) -> tuple[int, int]:
        """The size (h, w) of an image of ``size`` (H, W) where ``img_scale`` is multiplied by a factor."""
        scale = tuple(max(int(side * factor), 1) for side in self.img_scale)
        return transforms.scaled_size(size, scale, self.keep_ratio)

    def resize_label(self, label: np.ndarray, size: Sequence[int]) -> np.ndarray:
        """uint8 [H, W] -> uint8 [h, w]."""
        resize = transforms.resize_label if self.interpolation == "bilinear" else transforms.resize_nearest
        return resize(label, size)

    def cut(self, image: np.ndarray, size: Sequence[int], box: Box) -> np.ndarray:
        """The region ``box`` of a BGR image that is resized to ``size`` (h, w)."""
        if self.interpolation == "bilinear":
            return transforms.resized_crop(image, size, box)
        return self.resize(image, size)[box.slices]

    def resize(self, image: np.ndarray, size: Sequence[int]) -> np.ndarray:
        """A whole BGR image at ``size`` (h, w)."""
        return transforms.RESIZING[self.interpolation](image, size)

    def check_fits(self, size: Sequence[int]) -> None:
        """Raises UserError if the crop is larger than the resized image ``size`` (h, w) and may not be padded."""
        if not self.pad and (self.crop_size[0] > size[0] or self.crop_size[1] > size[1]):
            crop, scale = "x".join(map(str, reversed(self.crop_size))), "x".join(map(str, self.img_scale))
            raise UserError(
                f"The crop (crop_size, {crop} as width x height) is larger than the image of {size[1]}x{size[0]} "
                f"at img_scale {scale}. Use a smaller crop_size, a larger img_scale, or pad=True."
            )
