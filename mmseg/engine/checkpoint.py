"""Checkpoints: written atomically, read without running what they contain."""

from __future__ import annotations

import os
import pickle
import platform
from pathlib import Path
from typing import Any

import torch
from torch import nn

import mmseg
from mmseg.utils.errors import UserError
from mmseg.utils.files import atomic_path


def environment() -> dict[str, str]:
    """Versions that a reader of a result may ask for."""
    return {"mmseg": mmseg.__version__, "torch": str(torch.__version__), "python": platform.python_version()}


def save_checkpoint(path: str | os.PathLike, content: dict[str, Any]) -> None:
    """Writes a checkpoint beside ``path`` and renames it, so that a kill never leaves a cut-off file.

    Args:
        path: the file.
        content: tensors, numbers, strings, and lists and dictionaries of them.
    """
    with atomic_path(path) as temporary:
        try:
            torch.save(content, temporary)
        except RuntimeError as error:  # torch reports a failed write so
            raise OSError(str(error).splitlines()[0]) from error


def read_checkpoint(path: str | os.PathLike) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU with ``weights_only=True``.

    Raises:
        UserError: the file is missing, cut off, no checkpoint, or needs classes beyond tensors and numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"Checkpoint {path} does not exist. Check the path, or train first with tools/train.py.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = "holds Python objects, which we do not run" if "Unsupported" in str(error) else "is not a checkpoint or is cut off"
        raise UserError(f"Checkpoint {path} {reason}. Use another file, or one saved with plain tensors.") from error
    except Exception as error:  # torch's reader meets a damaged file with almost any kind of error
        raise UserError(f"Checkpoint {path} is cut off or not a checkpoint. Use another file.") from error
    if not isinstance(content, dict) or not isinstance(content.get("state_dict", {}), dict):
        raise UserError(f"Checkpoint {path} holds no dictionary of weights. Use another file.")
    return content


def load_weights(network: nn.Module, state: dict[str, torch.Tensor], path: str | os.PathLike) -> None:
    """Loads ``state`` into ``network``, all or nothing.

    Raises:
        UserError: keys or shapes differ; names the first differences.
    """
    expected = network.state_dict()
    missing = [key for key in expected if key not in state]
    unexpected = [key for key in state if key not in expected]
    shapes = [key for key in expected if key in state and expected[key].shape != state[key].shape]
    if missing or unexpected or shapes:
        counts = f"{len(missing)} missing, {len(unexpected)} unexpected, {len(shapes)} of another shape"
        example = (missing or unexpected or shapes)[0]
        raise UserError(
            f"Checkpoint {path} does not belong to this model ({counts}, for example '{example}'). Use the config it was trained with."
        )
    network.load_state_dict(state)


def student_state(content: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The student's weights of a training checkpoint (keys below ``model.``), without the prefix."""
    state = content.get("state_dict", content)
    prefix = "model."
    return {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
