"""Whether a file holds the weights of an encoder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from mmseg.models.weights.pretrained import NETWORKS, fitting_weights
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError


def check_weights(name: str, path: Path, digest_start: str = "") -> int:
    """Returns the number of entries of the encoder.

    Args:
        name: key of ``NETWORKS``.
        path: the file.
        digest_start: how the file's SHA-256 starts, in hexadecimal digits.

    Raises:
        UserError: the file is missing, of another network, or has another digest.
    """
    with torch.device("meta"):
        network = MODELS.build(NETWORKS[name])
    state, _ = fitting_weights(network, path)
    if digest_start:
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        if not digest.startswith(digest_start):
            raise UserError(f"{path} has the SHA-256 {digest}, which should start with {digest_start}. Download it again.")
    return len(state)
