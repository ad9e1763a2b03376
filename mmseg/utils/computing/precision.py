"""In which number formats a training computes; parameters, losses, teacher updates and evaluation stay float32.

Configs and help texts need the names alone, so torch is imported where something computes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmseg.utils.errors import UserError, suggestion

if TYPE_CHECKING:
    import torch

AUTOCAST = {"fp32": None, "tf32": None, "bf16": "bfloat16", "fp16": "float16"}
"""Torch's name for the format of the networks' convolutions and matrix products by the name of a precision; None leaves them in float32."""


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

    @property
    def dtype(self) -> torch.dtype | None:
        """The format of convolutions and matrix products, see :data:`AUTOCAST`."""
        import torch

        return AUTOCAST[self.name] and getattr(torch, AUTOCAST[self.name])

    def autocast(self, device_type: str) -> contextlib.AbstractContextManager:
        """For the forward passes of a training on 'cuda' or 'cpu'."""
        import torch

        return contextlib.nullcontext() if self.dtype is None else torch.autocast(device_type, self.dtype)

    @contextlib.contextmanager
    def kernels(self) -> Iterator[None]:
        """For all of a training step, backward passes included: which kernels compute what stays float32."""
        import torch

        matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
        before = matmul.allow_tf32, cudnn.allow_tf32
        matmul.allow_tf32 = cudnn.allow_tf32 = self.name == "tf32"
        try:
            yield
        finally:
            matmul.allow_tf32, cudnn.allow_tf32 = before
