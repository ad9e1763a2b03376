"""Checkpoint files: written atomically, read without running what they contain."""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

import mmseg
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import damaged_record
from mmseg.utils.storage.files import atomic_path
from mmseg.utils.storage.limits import check_content
from mmseg.utils.storage.run_folder import LATEST

NUMPY_METADATA = (
    "numpy.dtype",
    "numpy.ndarray",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
)
"""What the metadata of old files may hold beside plain values: a best score, a palette."""


class Unread:
    """Takes the place of a NumPy object in a file's metadata: nothing of NumPy is called, and the value is dropped."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


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


def read_checkpoint(path: str | os.PathLike, *, values: bool = True) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU with ``weights_only=True``, and compares its bytes with their checksums.

    Tensors and plain values come back as they are, NumPy objects in the metadata as :class:`Unread`.

    Args:
        path: the file.
        values: False for the metadata alone, in milliseconds: tensors stay in the file, and nothing is compared.

    Raises:
        UserError: the file is missing, cut off, damaged, no checkpoint, or needs any other class.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"Checkpoint {path} is a folder. Give a file in it, such as {path / LATEST}.")
    if not path.is_file():
        raise UserError(f"Checkpoint {path} does not exist. Check the path, or train first with tools/train.py.")
    try:
        damaged = damaged_record(path, values=values)
        with torch.serialization.safe_globals([(Unread, name) for name in NUMPY_METADATA]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about the age of a pickle
            in_file = {} if values or not zipfile.is_zipfile(path) else {"mmap": True}
            content = {} if damaged else torch.load(path, map_location="cpu", weights_only=True, **in_file)
        check_content(content, path.stat().st_size)
    except pickle.UnpicklingError as error:
        raise UserError(f"Checkpoint {path} {_refusal(str(error))}") from error
    except Exception as error:  # torch's reader meets a damaged file with almost any kind of error
        raise UserError(f"Checkpoint {path} is cut off or not a checkpoint. Download or copy it again, or use another file.") from error
    if damaged:
        fix = "Copy or download it again, or use another file."
        raise UserError(f"Checkpoint {path} is damaged: the checksum of {damaged} is wrong. {fix}")
    if not isinstance(content, dict) or not isinstance(content.get("state_dict", {}), dict):
        raise UserError(f"Checkpoint {path} holds no dictionary of weights. Use another file.")
    return content


def _refusal(reason: str) -> str:
    """What torch's reader of plain values says about a pickle, in one sentence and a fix."""
    named = re.search(r"GLOBAL ([\w.]+)", reason)
    if named is None:
        return "is cut off or not a checkpoint. Download or copy it again, or use another file."
    fix = "Use another file, or have its owner save the state dict alone."
    return f"holds more than tensors and plain values ({named.group(1)}), which could run code when read, so it was not read. {fix}"


def file_hash(path: str | os.PathLike) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
