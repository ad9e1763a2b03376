"""Small networks and images for the methods at test time."""

from __future__ import annotations

import torch
from torch import Tensor

from mmseg.models.uda import UDAMethod
from tests.models import networks


def network(segmentor: dict | None = None) -> UDAMethod:
    """A small network with drawn weights, in evaluation mode."""
    torch.manual_seed(0)
    method = UDAMethod(segmentor=segmentor or networks.plain(), seed=3)
    method.init_weights()
    return method.eval()


def without_norms() -> dict:
    """A network of convolutions alone."""
    head = {"type": "DLV2Head", "in_channels": 64, "in_index": 0, "num_classes": 5, "dilations": (1, 2)}
    return {"type": "EncoderDecoder", "backbone": {"type": "VGG", "base_channels": 4}, "decode_head": head}


def images(count: int = 3, height: int = 64, width: int = 64) -> list[Tensor]:
    """Normalised images [1, 3, H, W]."""
    generator = torch.Generator().manual_seed(5)
    return [torch.randn(1, 3, height, width, generator=generator) for _ in range(count)]


def state(method: UDAMethod) -> dict[str, Tensor]:
    """A copy of all tensors of what predicts."""
    return {name: value.clone() for name, value in method.model.state_dict().items()}


def moved(method: UDAMethod, before: dict[str, Tensor]) -> set[str]:
    """Names of the tensors that differ from those of before."""
    return {name for name, value in method.model.state_dict().items() if not torch.equal(value, before[name])}
