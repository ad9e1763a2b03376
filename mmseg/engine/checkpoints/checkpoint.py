"""Checkpoint files: written atomically, read without running what they contain."""

from __future__ import annotations

import errno
import os
import pickle
import platform
import re
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch

import mmseg
from mmseg.models.weights.safe_weights import is_safetensors, read_safetensors
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import damaged_record
from mmseg.utils.storage.files import atomic_path
from mmseg.utils.storage.limits import check_content
from mmseg.utils.storage.run_folder import LATEST, PREVIOUS
from mmseg.utils.storage.unpickling import load_weights

BLOCK = 2**22
NUMPY_METADATA = (
    "numpy.dtype",
    "numpy.ndarray",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
)
"""What the metadata of old files may hold beside plain values: a best score, a palette."""


class DamagedCheckpointError(UserError):
    """A checkpoint whose bytes are not those that were written."""


class Unread:
    """Takes the place of a NumPy object in a file's metadata: nothing of NumPy is called, and the value is dropped."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


def environment() -> dict[str, str]:
    """Versions that a reader of a result may ask for."""
    return {"mmseg": mmseg.__version__, "torch": str(torch.__version__), "python": platform.python_version()}


class _CheckedFile:
    """What torch writes a checkpoint to: it counts and sums up what comes.

    The first error of the disk is kept, and what comes later is let pass, because torch says of it what nobody can read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size, self.checksum = file, 0, 0
        self.error: OSError | None = None

    def write(self, data: bytes | memoryview) -> int:
        """Takes some bytes."""
        count = memoryview(data).nbytes
        self.size += count
        if self.error is None:
            self.checksum = zlib.crc32(data, self.checksum)
            try:
                self.file.write(data)
            except OSError as error:
                self.error = error
        return count

    def flush(self) -> None:
        """Left to who has opened the file."""


def save_checkpoint(path: str | os.PathLike, content: dict[str, Any], previous: str | os.PathLike | None = None) -> None:
    """Writes a checkpoint beside ``path``, reads it back from the disk, and renames it: neither a kill nor a disk leaves half a file.

    Args:
        path: the file.
        content: tensors, numbers, strings, and lists and dictionaries of them.
        previous: the name that the file of before gets; None replaces it.

    Raises:
        UserError: it cannot be written, or the disk does not give back what was written. The file of before stays as it is.
    """
    path = Path(path)
    with atomic_path(path, tensor_bytes(content)) as temporary:
        with open(temporary, "wb") as file:
            written = _CheckedFile(file)
            torch.save(content, written)
            if written.error is not None:
                raise written.error
            file.flush()
            os.fsync(file.fileno())
        _read_back(temporary, written)
        if previous is not None and path.is_file():
            os.replace(path, previous)


def _read_back(path: Path, written: _CheckedFile) -> None:
    """Raises OSError where a file is not what was written to it."""
    size = checksum = 0
    with open(path, "rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):  # from the disk, and not from the memory that the system has kept
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while block := file.read(BLOCK):
            size, checksum = size + len(block), zlib.crc32(block, checksum)
    if (size, checksum) != (written.size, written.checksum):
        raise OSError(errno.EIO, "the disk gives back other bytes than were written")


def tensor_bytes(content: object) -> int:
    """Bytes of all tensors in lists and dictionaries: nearly all of what a file of them has."""
    if isinstance(content, torch.Tensor):
        return content.numel() * content.element_size()
    values = content.values() if isinstance(content, Mapping) else content if isinstance(content, (list, tuple)) else ()
    return sum(map(tensor_bytes, values))


def read_checkpoint(path: str | os.PathLike, *, values: bool = True) -> dict[str, Any]:
    """Reads a checkpoint onto the CPU, and compares its bytes with their checksums: of torch, with ``weights_only=True``, or safetensors.

    Tensors and plain values come back as they are, NumPy objects in the metadata as :class:`Unread`.

    Args:
        path: the file.
        values: False for the metadata alone, in milliseconds: tensors stay in the file, and nothing is compared.

    Raises:
        UserError: the file is missing, no checkpoint, or needs any other class.
        DamagedCheckpointError: it is cut off or damaged.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"Checkpoint {path} is a folder. Give a file in it, such as {path / LATEST}.")
    if not path.is_file():
        raise UserError(f"Checkpoint {path} does not exist. Check the path, or train first with tools/train.py.")
    if is_safetensors(path):
        return _read_safetensors(path, values=values)
    try:
        damaged = damaged_record(path, values=values)
        with torch.serialization.safe_globals([(Unread, name) for name in NUMPY_METADATA]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about the age of a pickle
            in_file = {} if values or not zipfile.is_zipfile(path) else {"mmap": True}
            content = {} if damaged else load_weights(path, **in_file)
        check_content(content, path.stat().st_size)
    except Exception as error:  # torch's reader meets a damaged file with almost any kind of error
        needs = re.search(r"GLOBAL ([\w.]+)", str(error)) if isinstance(error, pickle.UnpicklingError) else None
        if needs is None:
            fix = "Download or copy it again, or use another file."
            raise DamagedCheckpointError(f"Checkpoint {path} is cut off or not a checkpoint. {fix}{_before(path)}") from error
        what = f"holds more than tensors and plain values ({needs.group(1)}), which could run code when read, so it was not read"
        raise UserError(f"Checkpoint {path} {what}. Use another file, or have its owner save the state dict alone.") from error
    if damaged:
        raise _damaged(path, damaged)
    if not isinstance(content, dict) or not isinstance(content.get("state_dict", {}), dict):
        raise UserError(f"Checkpoint {path} holds no dictionary of weights. Use another file.")
    return content


def _read_safetensors(path: Path, *, values: bool) -> dict[str, Any]:
    try:
        content = read_safetensors(path, values=values)
        check_content(content, path.stat().st_size)
    except Exception as error:  # the reader of safetensors has errors of its own, that of JSON others
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        fix = "Copy or download it again, or use another file."
        raise DamagedCheckpointError(f"Checkpoint {path} is damaged: {reason}. {fix}") from error
    return content


def _before(path: Path) -> str:
    """Names the state before the last one of a training, where it was kept."""
    previous = path.with_name(PREVIOUS)
    return f" The state before this one is {previous}." if path.name == LATEST and previous.is_file() else ""


def _damaged(path: Path, record: str) -> DamagedCheckpointError:
    fix = "Copy or download it again, or use another file."
    return DamagedCheckpointError(f"Checkpoint {path} is damaged: the checksum of {record} is wrong. {fix}{_before(path)}")


def check_whole(path: Path) -> None:
    """Looks whether a checkpoint can be read to its end, without keeping it.

    Raises:
        UserError: see :func:`read_checkpoint`.
    """
    read_checkpoint(path, values=False)
    try:
        damaged = damaged_record(path)
    except zipfile.BadZipFile:
        damaged = "its archive"
    if damaged:
        raise _damaged(path, damaged)
