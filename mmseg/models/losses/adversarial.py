"""What a discriminator of domains is trained with, and against (AdaptSegNet, Tsai et al., CVPR 2018, section 3.2).

Letters: B images, (h, w) the discriminator's map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

from mmseg.utils.computing.float32 import at_least_float32
from mmseg.utils.errors import UserError, suggestion

SOURCE, TARGET = 0.0, 1.0
"""Labels of the domains."""


def least_squares(answer: Tensor, domain: float) -> Tensor:
    """Mean squared distance (Mao et al., LSGAN, 2017): answer [B, 1, h, w] without a sigmoid -> scalar."""
    return (at_least_float32(answer) - domain).square().mean()


def vanilla(answer: Tensor, domain: float) -> Tensor:
    """Binary cross entropy of logits (Goodfellow et al., 2014): answer [B, 1, h, w] -> scalar."""
    answer = at_least_float32(answer)
    return F.binary_cross_entropy_with_logits(answer, torch.full_like(answer, domain))


DOMAIN_LOSSES: Mapping[str, Callable[[Tensor, float], Tensor]] = MappingProxyType({"LS": least_squares, "Vanilla": vanilla})
"""By the names of published configs."""


def domain_loss(name: str, option: str) -> Callable[[Tensor, float], Tensor]:
    """The loss that an option names.

    Raises:
        UserError: there is none of that name.
    """
    if name not in DOMAIN_LOSSES:
        fix = suggestion(str(name), DOMAIN_LOSSES) or f" Use one of {', '.join(DOMAIN_LOSSES)}."
        raise UserError(f"{option}={name!r} is not known.{fix}")
    return DOMAIN_LOSSES[name]
