"""Where networks compute, for the commands that let a user choose."""

from __future__ import annotations

import torch

from mmseg.utils.errors import UserError


def chosen_device(name: str | None) -> str:
    """The device of an option ``--device``; without one, the GPU if there is one.

    Raises:
        UserError: this machine or this torch does not have it.
    """
    device = name or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].split(".")[0]
        raise UserError(f"--device {device} cannot be used ({reason}). Use --device cpu.") from error
    return device
