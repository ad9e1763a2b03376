"""The temperature of a network: one number that makes its confidence mean what it says, from a file beside its checkpoint.

Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2: probabilities are taken from logits / T. Labels do
not change, since no logit overtakes another.

Letters: K classes, (H, W) native size.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash

FILE = "temperature.json"
BESIDE = True
"""In the place of a file: the one beside the checkpoint."""
FIX = "Run python tools/prepare/temperature.py CONFIG CHECKPOINT"


def temperature_file(checkpoint: str | os.PathLike, weights: str) -> Path:
    """Where the temperature of a checkpoint lies: beside it; of a teacher, with the name of its weights."""
    return Path(checkpoint).with_name(FILE if weights == "model" else f"temperature_{weights}.json")


def read_temperature(given: str | Path | bool, checkpoint: str | os.PathLike, weights: str) -> float:
    """The temperature that was fitted for a checkpoint.

    Args:
        given: file of ``tools/prepare/temperature.py``, or :data:`BESIDE`.
        checkpoint: file of the weights.
        weights: 'model' or 'ema_model'.

    Raises:
        UserError: the file is missing, broken, or about other weights.
    """
    path = temperature_file(checkpoint, weights) if given is BESIDE else Path(given)
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise UserError(f"--temperature: {path} does not exist. {FIX}.") from None
    except (OSError, ValueError):
        raise UserError(f"--temperature {path} cannot be read. {FIX}.") from None
    value, origin = (content.get("temperature"), content.get("checkpoint")) if isinstance(content, Mapping) else (None, None)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < value < float("inf") or not isinstance(origin, Mapping):
        raise UserError(f"--temperature {path} holds no temperature above 0 and the checkpoint that it is of. {FIX}.")
    if origin.get("sha256") != file_hash(checkpoint) or origin.get("weights") != weights:
        of = f"{origin.get('path')} ({origin.get('weights')})"
        raise UserError(f"--temperature {path} is that of {of}, not of {checkpoint} ({weights}). {FIX}.")
    print(f"Temperature: {value:.4g} ({path})")
    return float(value)


def tempered(probabilities: Tensor, temperature: float) -> Tensor:
    """Class probabilities [K, H, W] at another temperature: those of their logarithms / T."""
    return (probabilities.clamp(min=torch.finfo(probabilities.dtype).tiny).log() / temperature).softmax(dim=0)
