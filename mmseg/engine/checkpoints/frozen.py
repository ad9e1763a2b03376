"""Checkpoints without the frozen weights of an encoder: their hash in the place of them, and putting them back.

What a tuning trains is a few per cent of an encoder (:mod:`mmseg.models.backbones.tuning`). The rest lies in the file of starting weights
that the config names, and a checkpoint may say so instead of repeating it. Two things keep that safe: what is left out was compared with
the file before the training began, bit for bit; and whoever loads the checkpoint compares the hash.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.shared_weights import ENCODER, frozen_weights
from mmseg.models.weights.pretrained import find_weights
from mmseg.utils.errors import UserError

INTERPOLATED = ("patch_embed", "embeds", "pos_embed", "rel_pos", "relative_position")
"""Parts of names of what may be resized when a file is loaded. Its last bits depend on the processor and on torch, so it is kept."""
SHOWN = 16
"""Digits of a hash that an error shows."""


@dataclass(frozen=True)
class LeftOut:
    """What the checkpoints of a training do not hold.

    Attributes:
        names: entries of a segmentor, such as 'backbone.network.blocks.0.mlp.fc1.weight'.
        networks: prefixes of the networks of the method that have these weights, such as 'model' and 'ema_model'.
        sha256: of the weights, see :func:`weights_hash`.
        pretrained: the file that holds them, as the config names it.
    """

    names: tuple[str, ...]
    networks: tuple[str, ...]
    sha256: str
    pretrained: str

    @property
    def entries(self) -> set[str]:
        """Of the state dict of the method."""
        return {f"{network}.{name}" for network in self.networks for name in self.names}

    def without(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What is left of the state dict of the method."""
        entries = self.entries
        return {key: value for key, value in state.items() if key not in entries}

    def as_values(self) -> dict[str, Any]:
        """For the metadata of a checkpoint."""
        return {"names": list(self.names), "networks": list(self.networks), "sha256": self.sha256, "pretrained": self.pretrained}


def weights_hash(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes, in the order of the names: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        value = weights[name].detach().cpu().contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def left_out(method: UDAMethod) -> LeftOut | None:
    """What checkpoints can do without: the frozen weights of the encoder that are, bit for bit, those of its file.

    None where nothing is frozen, or the weights are not those of a file: from scratch, or from the checkpoint of another training.

    Raises:
        UserError: the file that the config names cannot be read.
    """
    own = dict(frozen_weights(method.model))
    frozen = {name: weight for name, weight in own.items() if not any(part in name for part in INTERPOLATED)}
    file = getattr(method.model.backbone, "pretrained", None)
    if not frozen or file is None:
        return None
    digest = weights_hash(frozen)
    if weights_hash(_stored(method.model, frozen)) != digest:
        return None
    first = next(iter(frozen))
    everywhere = method.named_parameters(remove_duplicate=False)
    networks = tuple(key.removesuffix(f".{first}") for key, weight in everywhere if weight is frozen[first])
    return LeftOut(tuple(frozen), networks, digest, file)


def _stored(network: nn.Module, names: Mapping[str, object]) -> dict[str, Tensor]:
    """The weights of these names as the segmentor's encoder would load them from its file; a name that it does not have is left out."""
    state, _ = network.backbone.file_state()
    own = network.backbone.network.state_dict()
    inner = {name: name.removeprefix(f"{ENCODER}.") for name in names}
    return {name: state[key].to(own[key].dtype) for name, key in inner.items() if key in state}


def completed(content: Mapping[str, Any], network: nn.Module, path: str | os.PathLike) -> Mapping[str, Any]:
    """A checkpoint with what was left out of it, from the file of starting weights of the config.

    Args:
        content: what :func:`mmseg.engine.checkpoints.checkpoint.read_checkpoint` returns; a complete one is returned as it is.
        network: segmentor of the config.
        path: of the checkpoint, for errors.

    Raises:
        UserError: the config names no such file, it is not there, or it holds other weights.
    """
    meta = content.get("meta")
    frozen = meta.get("frozen") if isinstance(meta, Mapping) else None
    if frozen is None:
        return content
    known = _known(frozen, path)
    where = f"Checkpoint {path} leaves out the frozen weights of the encoder, those of {known.pretrained} in the training"
    file = getattr(network.backbone, "pretrained", None)
    if file is None or not hasattr(network.backbone, "file_state"):
        raise UserError(f"{where}, and the config names no such file. Set model.pretrained to it.")
    try:
        find_weights(file)
    except UserError:
        raise UserError(f"{where}, and {file} does not exist. Put it there, or set model.pretrained to where it is.") from None
    weights = _stored(network, dict.fromkeys(known.names))
    if (digest := weights_hash(weights)) != known.sha256:
        hashes = f"SHA-256 {known.sha256[:SHOWN]}… in the training, {digest[:SHOWN]}… in {file}"
        raise UserError(f"{where}, and these are others ({hashes}). Set model.pretrained to the file of the training.")
    whole = {f"{part}.{name}": weight for part in known.networks for name, weight in weights.items()}
    return {**content, "state_dict": {**content["state_dict"], **whole}}


def _known(values: object, path: str | os.PathLike) -> LeftOut:
    """What a checkpoint says that it leaves out.

    Raises:
        UserError: it is something else.
    """
    kinds = {"names": list, "networks": list, "sha256": str, "pretrained": str}
    if isinstance(values, Mapping) and all(isinstance(values.get(name), kind) for name, kind in kinds.items()):
        names, networks = values["names"], values["networks"]
        if all(isinstance(text, str) for text in (*names, *networks)):
            return LeftOut(tuple(names), tuple(networks), values["sha256"], values["pretrained"])
    raise UserError(f"Checkpoint {path}: meta.frozen does not say what was left out of it. Use another file.")
