"""Starting weights from a file: read safely, checked against the network, never half-loaded."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from mmseg.utils.errors import UserError


def pretrained_path(pretrained: str | None, init_cfg: dict | None) -> str | None:
    """The file of starting weights that a config names, in either of the two usual ways.

    Args:
        pretrained: a path, as the published configs give it.
        init_cfg: ``dict(type='Pretrained', checkpoint=path)``, as mmsegmentation 1.x gives it.

    Raises:
        UserError: both are given, or ``init_cfg`` asks for anything else.
    """
    if init_cfg is None:
        return pretrained
    if init_cfg.get("type") != "Pretrained" or set(init_cfg) != {"type", "checkpoint"}:
        raise UserError(f"init_cfg={init_cfg!r} is not supported here. Use dict(type='Pretrained', checkpoint=path), or leave it out.")
    if pretrained is not None:
        raise UserError(f"Both pretrained={pretrained!r} and init_cfg={init_cfg!r} are given. Keep one of them.")
    return init_cfg["checkpoint"]


def load_pretrained(module: nn.Module, path: str, *, drop: tuple[str, ...] = ("head.",)) -> None:
    """Loads the weights of ``module`` from a file, in place.

    Args:
        module: every entry of its state dict must be in the file.
        path: a state dict, or a checkpoint that holds one under ``state_dict``.
        drop: prefixes of entries that the file may have in addition (a classifier).

    Raises:
        UserError: the file is missing, cut off, unsafe, or of another network.
    """
    state = {key: value for key, value in _read_state(path).items() if not key.startswith(drop)}
    own = module.state_dict()
    odd = [key for key in own if key not in state or state[key].shape != own[key].shape] or [key for key in state if key not in own]
    if odd:
        fix = f"Use the weights of the same backbone, or pretrained=None ({len(odd)} entries differ)."
        raise UserError(f"{path} does not hold the weights of {type(module).__name__}: '{odd[0]}' is missing or of another shape. {fix}")
    module.load_state_dict(state)


def _read_state(path: str) -> dict[str, Tensor]:
    if not Path(path).is_file():
        fix = "Download it to that path, or start from scratch on purpose with pretrained=None."
        raise UserError(f"The pretrained weights {path} do not exist. {fix}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0][:100]
        raise UserError(f"{path} cannot be read as a file of weights ({reason}). Download it again.") from None
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{path} holds no state dict. Use a file of weights by name.")
    return state
