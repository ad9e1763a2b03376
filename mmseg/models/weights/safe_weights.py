"""Weights as safetensors (https://github.com/huggingface/safetensors): tensors by name and nothing that could run.

What else a checkpoint says of itself stands in the metadata as JSON, with a checksum of the tensors, which the format has none of.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from mmseg.utils.storage.files import write_bytes

META, CHECKSUM = "mmseg", "crc32"


def is_safetensors(path: str | Path) -> bool:
    """Such a file starts with the length of its JSON header (8 bytes) and the header; its name does not matter."""
    with open(path, "rb") as file:
        return file.read(9)[8:] == b"{"


def write_safetensors(path: Path, state: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Writes a state dict atomically.

    Args:
        path: the file.
        state: tensors by name; none shares memory with another in the file.
        meta: plain values that say what the weights are for, as under ``meta`` of a checkpoint.
    """
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in state.items()}
    write_bytes(path, save(tensors, {"format": "pt", META: json.dumps(meta), CHECKSUM: checksum(tensors)}))


def read_safetensors(path: str | Path, *, values: bool = True) -> dict[str, Any]:
    """The tensors under ``state_dict`` and the metadata under ``meta``, as a checkpoint of torch has them.

    Args:
        path: of this package or another; the metadata of others is left out.
        values: False for the metadata alone.

    Raises:
        Exception: of nearly any kind, for a file that is damaged.
    """
    with safe_open(path, framework="pt") as file:
        said = file.metadata() or {}
        state = {key: file.get_tensor(key) for key in file.keys()} if values else {}  # noqa: SIM118 — no dictionary
    meta = json.loads(said.get(META, "{}"))
    if not isinstance(meta, dict):
        raise ValueError("its metadata is no dictionary")
    if values and said.get(CHECKSUM, checksum(state)) != checksum(state):
        raise ValueError("the checksum of its tensors is wrong")
    return {"state_dict": state, "meta": meta}


def checksum(state: Mapping[str, Tensor]) -> str:
    """CRC-32 of the bytes of all tensors, in the order of their names, eight hexadecimal digits."""
    found = 0
    for key in sorted(state):
        found = zlib.crc32(state[key].reshape(-1).view(dtype=torch.uint8).numpy(), found)
    return f"{found:08x}"
