"""In which number formats a training computes; parameters, losses, teacher updates and evaluation stay float32."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mmseg.utils.errors import UserError, suggestion

AUTOCAST = {"fp32": None, "tf32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Format of the networks' convolutions and matrix products by the name of a precision; None leaves them in float32."""


@dataclass(frozen=True)
class Precision:
    """The option ``precision`` of a config.

    Attributes:
        name: 'fp32'; 'tf32', float32 whose products round to 10 bits on tensor cores and which is the same as 'fp32'
            on other hardware; 'bf16'; or 'fp16', which needs scaled losses. CPUs without instructions for 'bf16' or
            'fp16' can be slower with them than with 'fp32'.

    Raises:
        UserError: another name.
    """

    name: str = "fp32"

    def __post_init__(self) -> None:
        if self.name not in tuple(AUTOCAST):
            fix = suggestion(str(self.name), AUTOCAST) or f" Use one of {', '.join(AUTOCAST)}."
            raise UserError(f"precision={self.name!r} is not known.{fix}")

    @property
    def scales_losses(self) -> bool:
        """Whether small gradients would round to 0 without a scaled loss."""
        return self.name == "fp16"

    def autocast(self, device_type: str) -> contextlib.AbstractContextManager:
        """For the forward passes of a training on 'cuda' or 'cpu'."""
        dtype = AUTOCAST[self.name]
        return contextlib.nullcontext() if dtype is None else torch.autocast(device_type, dtype)

    @contextlib.contextmanager
    def kernels(self) -> Iterator[None]:
        """For all of a training step, backward passes included: which kernels compute what stays float32."""
        matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
        before = matmul.allow_tf32, cudnn.allow_tf32
        matmul.allow_tf32 = cudnn.allow_tf32 = self.name == "tf32"
        try:
            yield
        finally:
            matmul.allow_tf32, cudnn.allow_tf32 = before


def use_real_float32() -> None:
    """Switches TF32 off for this process, which torch allows in convolutions by default."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def at_least_float32(tensor: Tensor) -> Tensor:
    """bfloat16 and float16 as float32, everything else as it is."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
