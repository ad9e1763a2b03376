"""Starting weights from a file: read safely, checked against the network, never half-loaded."""

from __future__ import annotations

import glob
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from mmseg.models.weights.layouts import encoder_weights, has_large_stem
from mmseg.models.weights.licences import licence_of
from mmseg.models.weights.networks import NETWORKS
from mmseg.models.weights.packages import PACKAGES
from mmseg.models.weights.safe_weights import is_safetensors, read_safetensors
from mmseg.models.weights.values import defect
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import damaged_record, file_hash
from mmseg.utils.storage.limits import check_content
from mmseg.utils.storage.unpickling import load_weights

FOLDER = Path("pretrained")
OPENMMLAB = "open-mmlab://"
OURS = ("style_hallucination.", "bn_pretrain.")
"""Entries that files of weights lack: styles, which are measured later, and a normalisation that is trained with the decoder."""
DOWNLOAD = "sh tools/download_checkpoints.sh"


def pretrained_path(pretrained: str | None, init_cfg: dict | None) -> str | None:
    """The starting weights that a config names, in either of the two usual ways.

    Args:
        pretrained: a path or ``open-mmlab://NAME``, as the published configs give it.
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


def find_weights(name: str) -> Path:
    """The file that ``pretrained`` means.

    Args:
        name: a path, or ``open-mmlab://NAME``, which is ``pretrained/NAME.pth`` or a file such as
            ``pretrained/NAME-e67eebb6.pth``. Nothing is downloaded here.

    Raises:
        UserError: there is no such file.
    """
    path = Path(name)
    if name.startswith(OPENMMLAB):
        bare = name.removeprefix(OPENMMLAB)
        path = FOLDER / f"{bare}.pth"
        found = [path, *sorted(FOLDER.glob(f"{glob.escape(bare)}[-_]*.pth"))]
        path = next((candidate for candidate in found if candidate.is_file()), path)
    elif "://" in name:
        raise UserError(f"pretrained={name!r} is no file, and training downloads nothing. Download it and give its path.")
    if path.is_file():
        return path
    target = "to that path"
    if path.stem in {*NETWORKS, *PACKAGES}:
        there = FOLDER / f"{path.stem}.pth"
        target = f"with '{DOWNLOAD} {path.stem}' (to {there})" + (f" and set pretrained='{there}'" if path != there else "")
    raise UserError(
        f"The pretrained weights {path} do not exist. Download it {target}, or start from scratch on purpose with pretrained=None."
    )


def load_pretrained(module: nn.Module, name: str) -> None:
    """Loads the weights of an encoder from a file, in place, and logs what was in the file and what it may be used for.

    Args:
        module: the encoder.
        name: see :func:`find_weights`.

    Raises:
        UserError: the file is missing, cut off, unsafe, or of another network.
    """
    path = find_weights(name)
    state, unused = fitting_weights(module, path)
    module.load_state_dict(state)
    others = f", {len(unused)} others are not needed (such as '{unused[0]}')" if unused else ""
    print_log(f"{path}: all {len(state)} entries of {type(module).__name__} loaded{others}", logger="current")
    licence = f"licence of published weights of this encoder: {licence_of(module)}"
    print_log(f"{path}: {licence}; SHA-256 {file_hash(path)}", logger="current")


def fitting_weights(module: nn.Module, path: str | Path) -> tuple[dict[str, Tensor], list[str]]:
    """The state dict that a file holds for an encoder, and the keys of the file that are not needed.

    Args:
        module: the encoder; it may lie on the meta device.
        path: a file in one of the layouts of :mod:`mmseg.models.weights.layouts`.

    Raises:
        UserError: the file is cut off, unsafe, or of another network.
    """
    own = module.state_dict()
    state, unused = encoder_weights(read_state(path))
    # Files from before torch 0.4.1 lack these counters, which nothing reads while BatchNorm has a momentum.
    counters = [key for key in own if key.endswith(".num_batches_tracked") and key not in state]
    state |= {key: torch.zeros((), dtype=torch.int64) for key in counters}
    state |= {key: value for key, value in own.items() if key.startswith(OURS) and key not in state}
    missing = [key for key in own if key not in state]
    unexpected = [key for key in state if key not in own]
    reshaped = [key for key in own if key in state and state[key].shape != own[key].shape]
    if not (missing or unexpected or reshaped):
        for key in own:
            if wrong := defect(state[key], like=own[key]):
                raise UserError(f"{path}: {key} {wrong}. Use another file of weights.")
        return {key: state[key] for key in own}, unused
    counts = f"{len(missing)} entries missing, {len(unexpected)} unexpected, {len(reshaped)} of another shape"
    example = (missing or unexpected or reshaped)[0]
    text = f"{path} does not hold the weights of {_looks_like(own) or type(module).__name__}: {counts}, first '{example}'"
    raise UserError(f"{text}. {_remedy(own, state, counters)}")


def _remedy(own: dict[str, Tensor], state: dict[str, Tensor], counters: list[str]) -> str:
    if "stem.0.weight" in own and has_large_stem(state):
        sources = "OpenMMLab's resnet101_v1c and timm's resnet101c have it, torchvision's ResNets do not"
        return f"It has one 7x7 convolution as its stem instead of three 3x3 ones ({sources}). Use one of those, or pretrained=None."
    name = _looks_like({key: value for key, value in state.items() if key not in counters})
    looks = f"It looks like {name}. " if name else ""
    return f"{looks}Use the weights of the same backbone, or pretrained=None."


def _looks_like(state: dict[str, Tensor]) -> str | None:
    """The network of ``NETWORKS`` that has these keys and shapes; counters do not matter."""
    shapes = _shapes(state)
    for name, cfg in NETWORKS.items():
        with torch.device("meta"):
            if shapes == _shapes(MODELS.build(cfg).state_dict()):
                return name
    return None


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in state.items() if not key.endswith(".num_batches_tracked")}


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Reads a state dict onto the CPU without running what the file contains.

    Args:
        path: a file of torch (a state dict, or a checkpoint that holds one under ``state_dict`` or
            ``model``) or of safetensors. Its name does not matter.

    Raises:
        UserError: the file is missing, cut off, unsafe, or holds something else.
    """
    path = find_weights(str(path))
    try:
        if damaged := damaged_record(path):
            raise ValueError(f"the checksum of {damaged} is wrong")
        state = read_safetensors(path) if is_safetensors(path) else load_weights(path)
        check_content(state, path.stat().st_size)
    except Exception as error:  # the readers meet a damaged file with almost any kind of error
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise UserError(f"{path} cannot be read as a file of weights ({reason}). Download it again.") from None
    for key in ("state_dict", "model"):
        state = state[key] if isinstance(state, dict) and isinstance(state.get(key), dict) else state
    if not isinstance(state, dict) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{path} holds no state dict. Use a file of weights by name.")
    return state
