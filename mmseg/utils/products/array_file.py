"""Products of arrays: an npz without pickled objects that holds its header as a JSON text beside them."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmseg.utils.errors import UserError
from mmseg.utils.storage.files import atomic_path
from mmseg.utils.storage.limits import check_sizes

SUFFIX = ".npz"
HEADER_ENTRY = "header"
UNREADABLE = (OSError, EOFError, KeyError, ValueError, RuntimeError, MemoryError, zlib.error, zipfile.BadZipFile)
"""How NumPy's reader ends at files that are broken; memory runs out at an array that declares any size."""


def write_arrays(path: str | Path, kind: str, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> None:
    """Writes a product atomically.

    Raises:
        UserError: its name ends with something else than .npz, the folder is read-only or the disk is full.
    """
    if Path(path).suffix != SUFFIX:
        raise UserError(f"{path} is to hold {kind}. Give it a name that ends with {SUFFIX}.")
    with atomic_path(path, sum(array.nbytes for array in arrays.values())) as temporary:
        np.savez(temporary, **arrays, **{HEADER_ENTRY: np.array(json.dumps(header))})


def check_archive(path: str | Path) -> None:
    """Refuses an npz whose arrays are too large to be read.

    Raises:
        OSError: it is missing or no file.
        zipfile.BadZipFile: they are, or it is no archive.
    """
    if Path(path).exists() and not Path(path).is_file():  # nobody may write to a pipe
        raise OSError(f"{path} is no file")
    with zipfile.ZipFile(path) as archive:
        check_sizes(archive.infolist())


def read_arrays(path: str | Path, kind: str, names: Sequence[str], fix: str) -> tuple[list[np.ndarray], Any]:
    """Reads a product.

    Args:
        path: npz file.
        kind: what it should hold.
        names: of its arrays.
        fix: what makes it anew, the end of every error (a full sentence).

    Returns:
        the arrays in the order of their names, and what the text of the header holds, which nobody has checked.

    Raises:
        UserError: it is missing, broken, or lacks an array.
    """
    if not Path(path).is_file():
        raise UserError(f"{path} does not exist. {fix}")
    try:
        check_archive(path)
        with np.load(path, allow_pickle=False) as content:
            return [content[name] for name in names], json.loads(str(content[HEADER_ENTRY]))
    except (*UNREADABLE, TypeError, AttributeError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} is cut off, or holds no {kind} ({reason}). {fix}") from None
