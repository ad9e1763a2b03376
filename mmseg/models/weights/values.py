"""Whether a tensor of a file holds weights that a network can compute with."""

from __future__ import annotations

import torch
from torch import Tensor


def defect(value: Tensor, *, like: Tensor | None = None, finite: bool = True) -> str | None:
    """What is wrong with a tensor, to follow its name in a sentence; None if nothing is.

    A sum shows NaN and infinities in a tenth of the time of looking at every value, which only a suspicious one needs.

    Args:
        value: from a file.
        like: what it would replace; torch turns numbers of any kind into those of this tensor, and says nothing.
        finite: whether NaN and infinities are wrong.
    """
    if value.is_meta:
        return "has no values (it lies on torch's meta device)"
    if value.is_quantized:
        return "is quantised"
    if value.layout != torch.strided:
        return "is sparse"
    if like is not None and like.is_floating_point() and not value.is_floating_point():
        return f"holds {str(value.dtype).removeprefix('torch.')} in place of real numbers"
    if finite and value.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        wide = torch.promote_types(value.dtype, torch.float32)
        if not value.sum(dtype=wide).isfinite() and not value.isfinite().all():
            return "holds NaN or infinite values"
    return None
