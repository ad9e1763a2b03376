"""Whether a file holds the weights of an encoder, and files that are made of the weights in a package."""

from __future__ import annotations

import hashlib
from pathlib import Path

import timm
import torch
from torch import Tensor

from mmseg.apis.checking.drawn_clock import class_of_the_clock
from mmseg.models.weights.packages import PACKAGES, package_file, to_timm
from mmseg.models.weights.pretrained import NETWORKS, fitting_weights, read_state
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import atomic_path


def check_weights(name: str, path: Path, digest_start: str = "") -> int:
    """Returns the number of entries of the encoder.

    Args:
        name: key of ``NETWORKS`` or of ``PACKAGES``.
        path: the file.
        digest_start: how the file's SHA-256 starts, in hexadecimal digits.

    Raises:
        UserError: the file is missing, of another network, or has another digest.
    """
    if name in PACKAGES:
        return check_packaged(name, path, read_state(path))
    with torch.device("meta"):
        network = MODELS.build(NETWORKS[name])
    state, _ = fitting_weights(network, path)
    if digest_start:
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        if not digest.startswith(digest_start):
            raise UserError(f"{path} has the SHA-256 {digest}, which should start with {digest_start}. Download it again.")
    return len(state)


def check_packaged(name: str, path: Path, state: dict[str, Tensor]) -> int:
    """Returns the number of entries of a network in a package.

    Args:
        name: key of ``PACKAGES``.
        path: where they come from, for the error.
        state: by the names of timm.

    Raises:
        UserError: they are those of another network, or it does not see a clock in the drawing of one.
    """
    package = PACKAGES[name]
    with torch.device("meta"):
        own = timm.create_model(package.network).state_dict()
    differing = [key for key in {**own, **state} if key not in own or key not in state or own[key].shape != state[key].shape]
    wrong = f"{len(differing)} entries differ from those of timm's {package.network}, first '{differing[0]}'" if differing else None
    if not wrong and (seen := class_of_the_clock(package.network, state)) != package.clock:
        wrong = f"the network takes a drawn clock for class {seen} of ImageNet instead of {package.clock}"
    if wrong:
        raise UserError(f"{path} does not hold the weights of {name}: {wrong}. Run 'sh tools/download_checkpoints.sh {name}' again.")
    return len(state)


def convert_packaged(name: str, path: Path) -> int:
    """Writes the weights in a package to a file, by the names of timm; returns the number of entries.

    Args:
        name: key of ``PACKAGES``.
        path: of the file.

    Raises:
        UserError: the package is missing, or does not hold them.
    """
    source = package_file(name)
    state = to_timm(read_state(source), PACKAGES[name].blocks)
    count = check_packaged(name, source, state)
    with atomic_path(path) as part:
        torch.save(state, part)
    return count
