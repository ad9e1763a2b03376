"""What a sample holds of the target beside its crop: the whole image, a strong view, and pseudo-labels of an earlier stage.

Letters: K classes, (H, W) crop, (H0, W0) whole image, (h, w) soft map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge, Le
from torch import Tensor

from mmseg.datasets import transforms
from mmseg.datasets.cropping.target_crop import TargetCrop
from mmseg.datasets.sampling.made_targets import MadeTargets
from mmseg.datasets.tensors import image_tensor
from mmseg.utils.options.ranges import Four, NonNegative, Share
from mmseg.utils.randomness import Streams

Strength = Annotated[int, Ge(2), Le(11)]
"""A whole number that at least one level lies below, and none above the full strength."""


@dataclass(frozen=True, kw_only=True)
class StrongViewOptions:
    """The dictionary ``strong_view`` of a config; the defaults are those of CPSL (Li et al., CVPR 2022).

    Attributes:
        operations: of RandAugment, drawn with replacement from 14.
        strength: levels are drawn from 1 to below it, and 10 is the full strength of an operation.
        probability: that a drawn operation is carried out.
        color_jitter: strengths of torchvision's jitter of brightness, contrast, saturation and hue, which half of the views have.
    """

    operations: NonNegative[int] = 2
    strength: Strength = 10
    probability: Share = 0.5
    color_jitter: Four[NonNegative[float]] = (0.4, 0.4, 0.4, 0.4)

    def __post_init__(self) -> None:
        transforms.check_jitter(self.color_jitter)

    def draw(self, size: Sequence[int], streams: Streams) -> transforms.StrongDraw:
        """Draws the strong view of a crop of ``size`` (H, W)."""
        own = {"operations": self.operations, "strength": self.strength, "probability": self.probability}
        return transforms.draw_strong(streams, size, **own, color_jitter=self.color_jitter)


@dataclass(frozen=True, kw_only=True)
class TargetViews:
    """What is loaded beside a target crop; None for what is not.

    Attributes:
        whole: (w, h) of the whole images.
        strong: how strong views are drawn.
        labels: hard pseudo-labels.
        soft: soft pseudo-labels.
        place: whether to tell where the crop lies, which comes with ``whole`` and ``soft`` anyway.
    """

    whole: tuple[int, int] | None = None
    strong: StrongViewOptions | None = None
    labels: MadeTargets | None = None
    soft: MadeTargets | None = None
    place: bool = False

    @property
    def placed(self) -> bool:
        """Whether the place of the crop is asked for, or something lies elsewhere."""
        return self.place or self.whole is not None or self.soft is not None

    def files(self, index: int) -> list[Path]:
        """The files of the image with this index."""
        return [maps.path(index) for maps in (self.labels, self.soft) if maps is not None]

    def load(self, index: int, image: np.ndarray, crop: TargetCrop, shown: Tensor, streams: Streams) -> dict[str, Tensor]:
        """What belongs to a crop.

        Args:
            index: of the image.
            image: uint8 BGR, the whole image at its native size.
            crop: of it.
            shown: the crop as the network sees it, uint8 RGB [3, H, W].
            streams: of the sample.

        Returns:
            ``whole`` uint8 [3, H0, W0] RGB; ``soft`` uint8 [K, h, w], levels of the whole image; ``place`` int64 [11] with one of
            the two or asked for, see :class:`~mmseg.structures.CropPlace`; ``label`` uint8 [H, W], 255 where unknown; ``strong`` uint8
            [3, H, W] RGB and ``geometry`` float64 [10], see :class:`~mmseg.structures.StrongGeometry`.

        Raises:
            BadFileError: a file is missing, broken, or does not belong to the image.
        """
        found: dict[str, Tensor] = {}
        if self.whole is not None:
            found["whole"] = image_tensor(crop.options.resize(image, self.whole[::-1]))
        if self.soft is not None:
            found["soft"] = torch.from_numpy(self.soft.levels(index, image.shape[:2]))
        if self.placed:
            found["place"] = crop.place(image.shape[:2]).numbers()
        if self.labels is not None:
            found["label"] = crop.annotation(self.labels.label(index, image.shape[:2]))
        if self.strong is not None:
            found |= self.strong_view(crop, shown, streams)
        return found

    def strong_view(self, crop: TargetCrop, shown: Tensor, streams: Streams) -> dict[str, Tensor]:
        """See :meth:`load`. Where the crop is padded, the strong view is grey."""
        photo = shown.numpy().transpose(1, 2, 0).copy()
        photo[crop.box.height :] = transforms.GREY
        photo[:, crop.box.width :] = transforms.GREY
        draw = self.strong.draw(photo.shape[:2], streams)
        strong = transforms.strong_view(photo, draw).transpose(2, 0, 1)
        return {"strong": torch.from_numpy(strong.copy()), "geometry": draw.geometry.numbers()}
