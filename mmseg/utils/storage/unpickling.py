"""torch's reader of weights, with what it calls bounded in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import _weights_only_unpickler as reader

from mmseg.utils.storage.limits import TooLargeError

ENCODE = "_codecs.encode"


def load_weights(path: Path, **options: Any) -> Any:
    """What ``torch.load(path, weights_only=True)`` gives, on the CPU.

    Raises:
        Exception: of nearly any kind, for a file that is damaged or unsafe.
    """
    with _bounded_calls():
        return torch.load(path, map_location="cpu", weights_only=True, **options)


@contextlib.contextmanager
def _bounded_calls() -> Iterator[None]:
    """Of the functions that torch lets a file call, one writes more than it is given: a thousand letters, thirty times in hexadecimal."""
    allowed = reader._get_allowed_globals()
    before = allowed[ENCODE]
    allowed[ENCODE] = _encode
    try:
        yield
    finally:
        allowed[ENCODE] = before


def _encode(text: str, encoding: str) -> bytes:
    """As bytes are written in old pickles."""
    if not isinstance(text, str) or encoding != "latin1":
        raise TooLargeError(f"it asks for an encoding ({str(encoding)[:20]}) that no weights need")
    return text.encode(encoding)
