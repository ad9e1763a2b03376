"""What stays float32, whatever the precision of a training."""

from __future__ import annotations

import torch
from torch import Tensor


def use_real_float32() -> None:
    """Switches TF32 off for this process, which torch allows in convolutions by default."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def products_in_float32(tensor: Tensor) -> torch.autocast:
    """A context in which products of float32 matrices stay so in a training of lower precision; ``tensor`` says on which device."""
    return torch.autocast(tensor.device.type, enabled=False)


def at_least_float32(tensor: Tensor) -> Tensor:
    """bfloat16 and float16 as float32, everything else as it is."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
