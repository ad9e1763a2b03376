"""How a discriminator is trained that has an optimizer for itself alone."""

# ruff: noqa: N803  (published option names)

from __future__ import annotations

from torch import nn

from mmseg.models.uda.base import OwnOptimizer


def falling_adam(discriminator: nn.Module, *, lr_D: float, lr_D_iters: int | None) -> dict[str, OwnOptimizer]:
    """Adam whose rate falls from ``lr_D`` to 0 as (1 - iteration / ``lr_D_iters``) ** 0.9; None takes the length of the training."""
    optimizer = {"type": "Adam", "lr": lr_D, "betas": (0.9, 0.99)}
    end = {} if lr_D_iters is None else {"end": lr_D_iters + 1}
    return {"discriminator": OwnOptimizer(discriminator, optimizer, {"type": "PolyLR", "power": 0.9, "eta_min": 0.0, **end}, alone=True)}
