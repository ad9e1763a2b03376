"""From decoded images to what networks take."""

from __future__ import annotations

import numpy as np
import torch


def image_tensor(image: np.ndarray) -> torch.Tensor:
    """BGR uint8 [H, W, 3] -> RGB uint8 [3, H, W]; the model normalises on the device."""
    return torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))
