"""How images and labels are resized for an evaluation.

Letters: (H, W) native size, (h, w) test size; scales are (width, height).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.transforms.layout import pad
from mmseg.datasets.transforms.pillow import resize_nearest
from mmseg.datasets.transforms.resize import KeepRatio, scaled_size

EvaluationRatio = KeepRatio | Literal["pad"]
"""As :data:`KeepRatio`; 'pad' fills up what 'fit' leaves of the scale, and is measured at this size."""


@dataclass(frozen=True)
class EvaluationSize:
    """The size of an evaluation.

    Attributes:
        scale: (w, h) that images are resized to or into; None keeps the native size.
        keep_ratio: what is kept of their aspect ratio.
    """

    scale: tuple[int, int] | None = None
    keep_ratio: EvaluationRatio = True

    @property
    def padded(self) -> tuple[int, int] | None:
        """(h, w) that images and labels are padded to, and predictions are measured at; None for the native size."""
        return self.scale[::-1] if self.scale and self.keep_ratio == "pad" else None

    @property
    def declared(self) -> tuple | None:
        """What a header says of it: (w, h), and what is kept of the aspect ratio unless it is all."""
        return self.scale if self.scale is None or self.keep_ratio is True else (*self.scale, self.keep_ratio)

    def resized(self, size: Sequence[int], ratio: float = 1.0) -> tuple[int, int]:
        """(h, w) of an image of ``size`` (H, W), before it is padded, at ``ratio`` of the scale."""
        scale = [max(int(side * ratio), 1) for side in self.scale or reversed(size)]
        keep_ratio = "fit" if self.keep_ratio == "pad" else self.keep_ratio
        return scaled_size(size, scale, keep_ratio if self.scale else True)

    def pad_image(self, image: np.ndarray) -> np.ndarray:
        """A resized image uint8 [h', w', 3] with black at the bottom and on the right, where it is padded."""
        return pad(image, self.padded, 0) if self.padded else image

    def label(self, label: np.ndarray) -> np.ndarray:
        """A label uint8 [H, W] as predictions are compared with it: at its native size, or resized (Pillow's nearest) and padded."""
        if not self.padded:
            return label
        return pad(resize_nearest(label, self.resized(label.shape)), self.padded, IGNORE)
