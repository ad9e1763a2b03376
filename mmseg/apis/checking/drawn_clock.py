"""An image that a network of ImageNet has to recognise, so that weights by other names are known to lie where they belong."""

from __future__ import annotations

import math

import cv2
import numpy as np
import timm
import torch
from torch import Tensor

SIDE = 224
MEAN, STD = 127.0, 128.0  # in grey levels, as the Lite networks were trained


def clock_face() -> np.ndarray:
    """A clock that shows half past three on a grey wall: uint8 RGB [224, 224, 3]."""
    middle = SIDE // 2
    image = np.full((SIDE, SIDE, 3), 200, np.uint8)
    cv2.circle(image, (middle, middle), 90, (255, 255, 255), -1)
    cv2.circle(image, (middle, middle), 90, (20, 20, 20), 6)
    for hour in range(12):
        right, up = math.sin(hour * math.pi / 6), math.cos(hour * math.pi / 6)
        ends = [(int(middle + radius * right), int(middle - radius * up)) for radius in (72, 84)]
        cv2.line(image, *ends, (0, 0, 0), 5)
    cv2.line(image, (middle, middle), (middle, 50), (0, 0, 0), 4)
    cv2.line(image, (middle, middle), (150, 130), (0, 0, 0), 6)
    return image


@torch.no_grad()
def class_of_the_clock(network: str, state: dict[str, Tensor]) -> int:
    """Index of the ImageNet class that a network of timm sees in :func:`clock_face`; ``state`` are its weights."""
    model = timm.create_model(network).eval()
    model.load_state_dict(state)
    image = torch.from_numpy(clock_face()).permute(2, 0, 1)[None].float()
    return int(model((image - MEAN) / STD).argmax())
